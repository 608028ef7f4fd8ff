package kuflow.worker.internal;

import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ActivityInfo;
import io.temporal.client.ActivityCompletionException;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.Header;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalFailure;
import io.temporal.serviceclient.CheckedExceptionWrapper;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import kuflow.worker.RestError;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * Validates and limits the results of all activities, KuFlow's and your own, and reports failures and the item they belong to.
 */
public class ActivityInterceptor extends WorkerInterceptorBase {

    private final TaskData taskData;
    private final TaskFailures failures;
    private final int maxPayloadBytes;
    private final ScheduledExecutorService timers =
            Executors.newSingleThreadScheduledExecutor(Daemons.named("activity-timeouts"));

    public ActivityInterceptor(TaskData taskData, TaskFailures failures, int maxPayloadBytes) {
        this.taskData = taskData;
        this.failures = failures;
        this.maxPayloadBytes = maxPayloadBytes;
    }

    @Override
    public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
        return new Inbound(next);
    }

    private final class Inbound extends ActivityInboundCallsInterceptorBase {

        private ActivityExecutionContext context;

        Inbound(ActivityInboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public void init(ActivityExecutionContext context) {
            this.context = context;
            // Of the activity that failed in this thread before.
            MDC.remove(ItemContext.LOG_FIELD);
            super.init(context);
        }

        @Override
        public ActivityOutput execute(ActivityInput input) {
            ItemContext item = itemOf(input.getHeader());
            UUID processItemId = item == null ? requestedItem(input.getArguments()) : item.processItemId();
            if (processItemId != null) {
                MDC.put(ItemContext.LOG_FIELD, processItemId.toString());
            }
            ActivityOutput output = run(input, item);
            // Temporal's SDK still has to log a failure.
            MDC.remove(ItemContext.LOG_FIELD);
            return output;
        }

        private ActivityOutput run(ActivityInput input, @Nullable ItemContext item) {
            ActivityInfo info = context.getInfo();
            try (Attempt attempt = new Attempt(item, info)) {
                try {
                    ActivityOutput output = super.execute(input);
                    if (!context.isDoNotCompleteOnReturn()) {
                        check(output.getResult(), item, info, Encryption.keyIdOf(input.getHeader()));
                    }
                    attempt.succeeded();
                    return output;
                } catch (RuntimeException | Error thrown) {
                    throwIfCanceled(thrown);
                    RuntimeException rejection = thrown instanceof RuntimeException exception
                            ? Rejections.failureOf(exception, input.getHeader())
                            : null;
                    attempt.failed(rejection == null ? CheckedExceptionWrapper.unwrap(thrown) : rejection);
                    if (rejection != null) {
                        throw rejection;
                    }
                    if (thrown instanceof RuntimeException exception) {
                        throw toFailure(exception, info.getActivityType());
                    }
                    throw thrown;
                }
            }
        }

        private void check(
                @Nullable Object result, @Nullable ItemContext item, ActivityInfo info, @Nullable String keyId) {
            if (item != null && Boolean.TRUE.equals(item.validates())) {
                taskData.validate(item.code(), result, false, info);
            }
            PayloadLimit.checkResult(result, info, maxPayloadBytes, keyId);
        }

        /** The activity may have wrapped the exception of its heartbeat, or failed because its call was aborted. */
        private void throwIfCanceled(Throwable thrown) {
            for (Throwable at = thrown; at != null; at = at.getCause()) {
                if (at instanceof ActivityCompletionException canceled) {
                    throw canceled;
                }
            }
            context.getCancellationToken().throwIfCancellationRequested();
        }
    }

    /** An attempt of an activity. Only those of system tasks are reported. */
    private final class Attempt implements AutoCloseable {

        private final @Nullable ItemContext item;
        private final ActivityInfo info;
        private final AtomicBoolean hasFailed = new AtomicBoolean();
        private @Nullable Future<?> timer;

        Attempt(@Nullable ItemContext item, ActivityInfo info) {
            this.item = item != null && item.validates() != null ? item : null;
            this.info = info;
            Duration limit = info.getStartToCloseTimeout();
            if (this.item == null || limit.isZero()) {
                return;
            }
            // When its time is up, the engine counts the attempt as failed, even if it completes later.
            RuntimeException timeout = new RuntimeException("no result within " + limit.toSeconds() + " s");
            timer = timers.schedule(() -> failed(timeout), limit.toMillis(), TimeUnit.MILLISECONDS);
        }

        void succeeded() {
            if (item != null && !hasFailed.get()) {
                failures.succeeded(item);
            }
        }

        void failed(Throwable error) {
            if (item != null && hasFailed.compareAndSet(false, true)) {
                failures.failed(new TaskFailures.FailedAttempt(
                        item, error, info.getAttempt(), info.getRetryOptions(), info.getWorkflowId()));
            }
        }

        @Override
        public void close() {
            if (timer != null) {
                timer.cancel(false);
            }
        }
    }

    /** The item that the workflow runs the activity for. */
    private static @Nullable ItemContext itemOf(Header header) {
        return Headers.read(header, ItemContext.HEADER, ItemContext.class);
    }

    /** The item in the request of one of KuFlow's activities. */
    private static @Nullable UUID requestedItem(Object[] arguments) {
        return arguments != null
                        && arguments.length > 0
                        && arguments[0] instanceof WorkerActivities.CompleteTask request
                ? request.processItemId()
                : null;
    }

    /**
     * What Temporal records for an error: the failures of KuFlow's own libraries for their activities, and for every call to KuFlow.
     * {@code Retry-After} sets the delay of the next attempt.
     */
    private static RuntimeException toFailure(RuntimeException error, String activityType) {
        if (error instanceof RestError rejected) {
            ApplicationFailure.Builder failure = ApplicationFailure.newBuilder()
                    .setMessage("Rest Invocation error")
                    .setType("KuFlowActivities.RestFailure")
                    .setDetails(rejected.details().stream().toArray())
                    .setCause(rejected);
            rejected.retryAfter().ifPresent(failure::setNextRetryDelay);
            return failure.build();
        }
        boolean isKnown = error instanceof TemporalFailure || error instanceof ActivityCompletionException;
        if (isKnown || !activityType.startsWith("KuFlow_Engine_")) {
            return error;
        }
        return ApplicationFailure.newFailureWithCause("Invocation error", "KuFlowActivities.Failure", error);
    }
}
