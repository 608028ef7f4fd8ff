package com.example.worker.trial;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

@ActivityInterface
public interface TrialActivities {

    @ActivityMethod(name = "shortWork")
    void shortWork(int milliseconds);

    /** Runs for five seconds, ignoring cancellation, and returns the attempt. */
    @ActivityMethod(name = "slowWork")
    String slowWork();

    /** Fails until its fourth attempt. */
    @ActivityMethod(name = "flakyWork")
    void flakyWork();

    @ActivityMethod(name = "nonRetryableWork")
    void nonRetryableWork();

    @ActivityMethod(name = "lengthOf")
    int lengthOf(String text);

    @ActivityMethod(name = "textOf")
    String textOf(int length);
}
