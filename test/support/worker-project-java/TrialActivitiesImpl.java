package com.example.worker.trial;

import io.temporal.activity.Activity;
import io.temporal.failure.ApplicationFailure;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

// Added to a generated project by the end-to-end tests.
@Component
public class TrialActivitiesImpl implements TrialActivities {

    private static final Logger LOGGER = LoggerFactory.getLogger(TrialActivitiesImpl.class);

    @Override
    public void shortWork(int milliseconds) {
        pause(milliseconds);
    }

    @Override
    public String slowWork() {
        pause(5_000);
        return "attempt " + attempt();
    }

    @Override
    public void flakyWork() {
        LOGGER.info("Trying");
        if (attempt() < 4) {
            throw new RuntimeException("No answer from \"Grace Hopper\" at grace@example.com");
        }
    }

    @Override
    public void nonRetryableWork() {
        throw ApplicationFailure.newNonRetryableFailure("The scale is out of order", "Error");
    }

    @Override
    public int lengthOf(String text) {
        return text.length();
    }

    @Override
    public String textOf(int length) {
        return "x".repeat(length);
    }

    private static int attempt() {
        return Activity.getExecutionContext().getInfo().getAttempt();
    }

    private static void pause(int milliseconds) {
        try {
            Thread.sleep(milliseconds);
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
