package kuflow.worker.internal;

import io.temporal.common.RetryOptions;
import io.temporal.failure.ApplicationFailure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import kuflow.worker.KuFlowClient;
import kuflow.worker.RestError;
import kuflow.worker.model.LogLevel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts failing tasks, and appends the reason to the log of a task in KuFlow: after a number of failed attempts, or at once if
 * the attempt was the last one. At most once per hour for each task and reason.
 */
public class TaskFailures {

    private static final Logger LOGGER = LoggerFactory.getLogger(TaskFailures.class);

    private static final Duration HOUR = Duration.ofHours(1);

    /** Longer than the wait between two attempts. Another worker may have completed a task, or its process was canceled. */
    private static final Duration FAILING_FOR = Duration.ofMinutes(10);

    private static final int MAX_REASON = 300;

    /** Exceptions whose names say nothing. */
    private static final Set<String> PLAIN = Set.of("Error", "Exception", "RuntimeException");

    interface TaskLog {
        void append(UUID processItemId, String message, LogLevel level);
    }

    private final TaskLog taskLog;
    private final WorkerMetrics metrics;
    private final int attemptsBeforeLog;
    private final InstantSource clock;
    private final Executor executor;

    /** When tasks failed last. */
    private final Map<UUID, Instant> failing = new HashMap<>();

    /** When reasons were written. */
    private final Map<String, Instant> written = new HashMap<>();

    public TaskFailures(KuFlowClient kuflow, WorkerMetrics metrics, int attemptsBeforeLog) {
        this(
                kuflow::appendProcessItemTaskLog,
                metrics,
                attemptsBeforeLog,
                InstantSource.system(),
                Executors.newSingleThreadExecutor(Daemons.named("task-log")));
    }

    TaskFailures(
            TaskLog taskLog, WorkerMetrics metrics, int attemptsBeforeLog, InstantSource clock, Executor executor) {
        this.taskLog = taskLog;
        this.metrics = metrics;
        this.attemptsBeforeLog = attemptsBeforeLog;
        this.clock = clock;
        this.executor = executor;
        metrics.systemTasksFailing(this::countFailing);
    }

    record FailedAttempt(
            ItemContext item,
            Throwable error,
            int number,
            @Nullable RetryOptions retry,
            String workflowId) {

        boolean isLast() {
            if (error instanceof ApplicationFailure failure && failure.isNonRetryable()) {
                return true;
            }
            if (retry == null) {
                return false;
            }
            String[] types = retry.getDoNotRetry();
            return (retry.getMaximumAttempts() > 0 && number >= retry.getMaximumAttempts())
                    || (types != null && List.of(types).contains(temporalType(error)));
        }

        private static String temporalType(Throwable error) {
            return error instanceof ApplicationFailure failure
                    ? failure.getType()
                    : error.getClass().getName();
        }
    }

    void failed(FailedAttempt attempt) {
        ItemContext item = attempt.item();
        boolean isLast = attempt.isLast();
        metrics.systemTaskFailed(item.code());
        setFailing(item, !isLast);
        if (!isLast && attempt.number() < attemptsBeforeLog) {
            return;
        }
        String reason = reasonOf(attempt.error());
        String outcome = isLast ? "The task failed" : "Attempt " + attempt.number() + " failed; the worker will retry";
        String message = outcome + ": " + reason + " (workflow " + attempt.workflowId() + ")";
        // The activity does not wait: it must end with its own failure, even if KuFlow does not respond.
        executor.execute(() -> append(item.processItemId(), reason, message, isLast ? LogLevel.ERROR : LogLevel.WARN));
    }

    void succeeded(ItemContext item) {
        setFailing(item, false);
    }

    private synchronized void setFailing(ItemContext item, boolean isFailing) {
        if (isFailing) {
            failing.put(item.processItemId(), clock.instant());
        } else {
            failing.remove(item.processItemId());
        }
    }

    private synchronized int countFailing() {
        forgetOld();
        return failing.size();
    }

    /** Forgets tasks that have not failed lately. */
    private synchronized void forgetOld() {
        Instant now = clock.instant();
        failing.values().removeIf(at -> !now.isBefore(at.plus(FAILING_FOR)));
        written.values().removeIf(at -> !now.isBefore(at.plus(HOUR)));
    }

    private void append(UUID processItemId, String reason, String message, LogLevel level) {
        String key = processItemId + " " + reason;
        if (!isNew(key)) {
            return;
        }
        try {
            taskLog.append(processItemId, message, level);
        } catch (RuntimeException failure) {
            forget(key);
            LOGGER.warn("Could not write to the task log", failure);
        }
    }

    private synchronized boolean isNew(String key) {
        forgetOld();
        return written.putIfAbsent(key, clock.instant()) == null;
    }

    private synchronized void forget(String key) {
        written.remove(key);
    }

    /** The redacted reason of a failed attempt, in one line of at most 300 characters. */
    static String reasonOf(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            if (at instanceof RestError rest) {
                String problem = rest.status().isPresent()
                        ? "responded with " + rest.status().getAsInt()
                        : "did not respond";
                return "KuFlow " + problem + " to " + rest.operation();
            }
        }
        ApplicationFailure failure = error instanceof ApplicationFailure typed ? typed : null;
        String type = failure == null ? error.getClass().getSimpleName() : failure.getType();
        String message = failure == null ? error.getMessage() : failure.getOriginalMessage();
        String text = message == null
                ? ""
                : Redaction.redact(message.lines().findFirst().orElse(""), type);
        String reason = PLAIN.contains(type) ? text : text.isEmpty() ? type : type + ": " + text;
        return reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON - 1) + "…" : reason;
    }
}
