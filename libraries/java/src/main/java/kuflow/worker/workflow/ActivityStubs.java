package kuflow.worker.workflow;

import com.fasterxml.jackson.databind.JsonNode;
import io.temporal.activity.ActivityOptions;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.workflow.ActivityStub;
import io.temporal.workflow.Workflow;
import java.lang.reflect.Proxy;
import java.time.Duration;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.internal.KuFlowJson;
import kuflow.worker.internal.OperationCall;
import kuflow.worker.internal.WorkerActivities;

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

    static KuFlowOperations kuflow() {
        return kuflow(OPTIONS);
    }

    /** For calls that are not essential and must not hold up the workflow. */
    static KuFlowOperations brief() {
        return kuflow(BRIEF);
    }

    /** Each operation is the activity of KuFlow with its name. */
    private static KuFlowOperations kuflow(ActivityOptions options) {
        ActivityStub activities = Workflow.newUntypedActivityStub(options);
        return (KuFlowOperations) Proxy.newProxyInstance(
                KuFlowOperations.class.getClassLoader(),
                new Class<?>[] {KuFlowOperations.class},
                (proxy, method, arguments) -> {
                    OperationCall operation = OperationCall.ALL.get(method.getName());
                    JsonNode result = activities.execute(
                            operation.activityType(), JsonNode.class, operation.requestOf(method, arguments));
                    return KuFlowJson.mapper()
                            .convertValue(result.path(operation.declared().result()), operation.resultType());
                });
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
