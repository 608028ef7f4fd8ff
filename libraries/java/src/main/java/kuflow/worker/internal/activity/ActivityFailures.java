package kuflow.worker.internal.activity;

import io.temporal.client.ActivityCompletionException;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalFailure;
import kuflow.worker.RestError;

/** What Temporal records for the errors of activities. */
public final class ActivityFailures {

    private ActivityFailures() {}

    /**
     * The failures of KuFlow's own libraries for their activities, and for every call to KuFlow. {@code Retry-After} sets
     * the delay of the next attempt.
     */
    public static RuntimeException toFailure(RuntimeException error, String activityType) {
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
