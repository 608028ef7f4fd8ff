package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.common.RetryOptions;
import io.temporal.failure.ApplicationFailure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import kuflow.worker.internal.TaskFailures.FailedAttempt;
import kuflow.worker.model.LogLevel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the task log")
class TaskFailuresTest {

    private static final ItemContext ITEM = new ItemContext(new UUID(0, 1), "CHECK", false);

    private record Line(LogLevel level, String message) {}

    private final List<Line> written = new ArrayList<>();
    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private boolean isDown;
    private final TaskFailures failures =
            new TaskFailures(this::append, new WorkerMetrics(metrics), 3, () -> now, Runnable::run);

    private void append(UUID processItemId, String message, LogLevel level) {
        written.add(new Line(level, message));
        if (isDown) {
            throw new IllegalStateException("down");
        }
    }

    private void fail(int attempt, Throwable error, int maximumAttempts) {
        RetryOptions retry =
                RetryOptions.newBuilder().setMaximumAttempts(maximumAttempts).build();
        failures.failed(new FailedAttempt(ITEM, error, attempt, retry, "process"));
    }

    private void fail(int attempt) {
        fail(attempt, new RuntimeException("no paper"), 0);
    }

    private double failing() {
        return metrics.get("kuflow.system.tasks.failing").gauge().value();
    }

    @Test
    @DisplayName("shows the reason and the workflow of a failure after the third attempt, and again an hour later")
    void repeats() {
        for (int attempt = 1; attempt <= 4; attempt++) {
            fail(attempt);
        }
        assertThat(written)
                .containsExactly(new Line(
                        LogLevel.WARN, "Attempt 3 failed; the worker will retry: no paper (workflow process)"));
        fail(5, new RuntimeException("no ink"), 0);
        assertThat(written).hasSize(2);
        now = now.plus(Duration.ofHours(1));
        fail(6);
        assertThat(written).hasSize(3);
    }

    @Test
    @DisplayName("gets the reason immediately when no retries are left")
    void lastAttempt() {
        fail(1, ApplicationFailure.newNonRetryableFailure("closed", "Closed"), 0);
        fail(2, new RuntimeException("the last one"), 2);
        assertThat(written)
                .containsExactly(
                        new Line(LogLevel.ERROR, "The task failed: Closed: closed (workflow process)"),
                        new Line(LogLevel.ERROR, "The task failed: the last one (workflow process)"));
    }

    @Test
    @DisplayName("gets the reason after the next attempt if KuFlow rejected it before")
    void rejected() {
        isDown = true;
        fail(3);
        fail(4);
        assertThat(written).hasSize(2);
    }

    @Test
    @DisplayName("counts the task as failing until an attempt succeeds, or until nothing happens for 10 minutes")
    void metrics() {
        fail(1);
        assertThat(failing()).isEqualTo(1);
        failures.succeeded(ITEM);
        assertThat(failing()).isZero();
        fail(2);
        now = now.plus(Duration.ofMinutes(10));
        assertThat(failing()).isZero();
    }
}
