package kuflow.worker.workflow;

import io.temporal.activity.ActivityOptions;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import kuflow.worker.model.KuFlowActivities;
import kuflow.worker.model.WorkerActivities;

/** The activities that workflow code calls, with their timeouts. */
final class ActivityStubs {

    /** Retries until the activity succeeds or the process is ended, so that a process survives any outage. */
    private static final ActivityOptions OPTIONS = ActivityOptions.newBuilder()
            .setStartToCloseTimeout(Duration.ofMinutes(1))
            .setScheduleToCloseTimeout(Duration.ofDays(365))
            .setRetryOptions(RetryOptions.newBuilder()
                    .setInitialInterval(Duration.ofSeconds(1))
                    .setBackoffCoefficient(2)
                    .setMaximumInterval(Duration.ofMinutes(5))
                    .build())
            .build();

    private static final ActivityOptions TRANSFER = OPTIONS.toBuilder()
            .setStartToCloseTimeout(Duration.ofMinutes(10))
            .setHeartbeatTimeout(Duration.ofMinutes(1))
            .build();

    private static final ActivityOptions BRIEF = ActivityOptions.newBuilder()
            .setStartToCloseTimeout(Duration.ofSeconds(20))
            .setScheduleToCloseTimeout(Duration.ofMinutes(1))
            .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(3).build())
            .build();

    private static final LocalActivityOptions LOCAL = LocalActivityOptions.newBuilder()
            .setStartToCloseTimeout(Duration.ofSeconds(10))
            .build();

    private ActivityStubs() {}

    static KuFlowActivities kuflow() {
        return own(KuFlowActivities.class);
    }

    /** For calls that are not essential and must not hold up the workflow. */
    static KuFlowActivities brief() {
        return Workflow.newActivityStub(KuFlowActivities.class, BRIEF);
    }

    static WorkerActivities worker() {
        return own(WorkerActivities.class);
    }

    static WorkerActivities localWorker() {
        return Workflow.newLocalActivityStub(WorkerActivities.class, LOCAL);
    }

    static <A> A own(Class<A> activities) {
        return Workflow.newActivityStub(activities, OPTIONS);
    }

    static <A> A transfer(Class<A> activities) {
        return Workflow.newActivityStub(activities, TRANSFER);
    }
}
