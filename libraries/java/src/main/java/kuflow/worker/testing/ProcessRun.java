package kuflow.worker.testing;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.api.failure.v1.Failure;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.interceptors.WorkerInterceptor;
import io.temporal.common.metadata.POJOWorkflowImplMetadata;
import io.temporal.failure.ApplicationFailure;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import kuflow.worker.internal.ActivityInterceptor;
import kuflow.worker.internal.ClientInterceptor;
import kuflow.worker.internal.Daemons;
import kuflow.worker.internal.EncryptionKeys;
import kuflow.worker.internal.KuFlowInterceptor;
import kuflow.worker.internal.Payloads;
import kuflow.worker.internal.StartHeader;
import kuflow.worker.internal.TaskData;
import kuflow.worker.internal.TaskFailures;
import kuflow.worker.internal.WorkerMetrics;
import kuflow.worker.workflow.ActionRequest;
import kuflow.worker.workflow.ActionResponse;
import kuflow.worker.workflow.SignalAction;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;
import org.jspecify.annotations.Nullable;

/** A process on Temporal's test server, with the worker's data converter and interceptors. */
public final class ProcessRun implements AutoCloseable {

    private static final String QUEUE = "test";
    private static final Pattern NOT_OF_PROJECT =
            Pattern.compile("(java|jdk|io\\.(temporal|grpc)|com\\.fasterxml|kuflow\\.worker)\\.");
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ATTEMPTS_BEFORE_TASK_LOG = 5;
    private static final int MAX_PAYLOAD_BYTES = 100_000;

    private final UUID processId = UUID.randomUUID();
    private final FailedWorkflowTasks failedTasks = new FailedWorkflowTasks();
    private final TestWorkflowEnvironment environment;
    private final WorkflowStub workflow;
    private final FakeKuFlow kuflow;

    private ProcessRun(
            Class<?> workflowClass,
            @Nullable String action,
            FakeKuFlow kuflow,
            @Nullable String keyId,
            Object... activities) {
        this.kuflow = kuflow;
        DataConverter converter = Payloads.converter(MAX_PAYLOAD_BYTES, FakeKuFlow::key);
        environment = TestWorkflowEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                .setWorkflowServiceStubsOptions(WorkflowServiceStubsOptions.newBuilder()
                        .setGrpcClientInterceptors(List.of(failedTasks))
                        .build())
                .setWorkflowClientOptions(WorkflowClientOptions.newBuilder()
                        .setDataConverter(converter)
                        .setContextPropagators(List.of(new StartHeader()))
                        .setInterceptors(new ClientInterceptor(keyId))
                        .build())
                .setWorkerFactoryOptions(WorkerFactoryOptions.newBuilder()
                        .setWorkerInterceptors(activityInterceptor(kuflow), new KuFlowInterceptor())
                        .build())
                .build());
        kuflow.connect(environment.getWorkflowClient());
        Worker worker = environment.newWorker(
                QUEUE,
                WorkerOptions.newBuilder()
                        .setDefaultDeadlockDetectionTimeout(EncryptionKeys.DEADLOCK_TIMEOUT.toMillis())
                        .build());
        worker.registerWorkflowImplementationTypes(workflowClass);
        worker.registerActivitiesImplementations(kuflow.activities().toArray());
        worker.registerActivitiesImplementations(activities);
        workflow = environment
                .getWorkflowClient()
                .newUntypedWorkflowStub(
                        typeOf(workflowClass),
                        WorkflowOptions.newBuilder()
                                .setWorkflowId(processId.toString())
                                .setTaskQueue(QUEUE)
                                .build());
        workflow.start(action == null ? WorkflowRequest.of(processId) : requestOf(action));
    }

    private ActionRequest requestOf(String action) {
        return new ActionRequest(processId, "START_WORKFLOW", action, processId, null, null, null, null);
    }

    /** Starts the workflow of a process. Nothing happens until somebody waits for its result. */
    public static ProcessRun start(Class<?> workflowClass, FakeKuFlow kuflow, Object... activities) {
        return new ProcessRun(workflowClass, null, kuflow, null, activities);
    }

    /** As {@link #start}, with a confidential process: what its workflow and its activities send is encrypted. */
    public static ProcessRun startConfidential(Class<?> workflowClass, FakeKuFlow kuflow, Object... activities) {
        return new ProcessRun(workflowClass, null, kuflow, FakeKuFlow.KEY_ID, activities);
    }

    /** Starts the workflow of the user action with the given code. The workflow's result is {@link #actionResult()}. */
    public static ProcessRun startAction(
            Class<?> workflowClass, String action, FakeKuFlow kuflow, Object... activities) {
        return new ProcessRun(workflowClass, action, kuflow, null, activities);
    }

    private static String typeOf(Class<?> workflowClass) {
        return POJOWorkflowImplMetadata.newInstance(workflowClass)
                .getWorkflowMethods()
                .get(0)
                .getName();
    }

    private static WorkerInterceptor activityInterceptor(FakeKuFlow kuflow) {
        WorkerMetrics metrics = new WorkerMetrics(new SimpleMeterRegistry());
        TaskFailures failures = new TaskFailures(kuflow.client(), metrics, ATTEMPTS_BEFORE_TASK_LOG);
        return new ActivityInterceptor(new TaskData(), failures, MAX_PAYLOAD_BYTES);
    }

    public UUID processId() {
        return processId;
    }

    /**
     * Waits until the workflow ends.
     *
     * @throws io.temporal.client.WorkflowFailedException if the workflow fails
     * @throws AssertionError if a workflow task fails, which Temporal would retry until somebody fixes the workflow code, or if the
     *     workflow has not ended after 30 seconds. Then the message has the open tasks and the activities that Temporal retries.
     */
    public WorkflowResponse result() {
        return result(LIMIT);
    }

    /** As {@link #result()}, with another limit. */
    public WorkflowResponse result(Duration limit) {
        return result(WorkflowResponse.class, limit);
    }

    /** As {@link #result()}, for the workflow of an action. */
    public ActionResponse actionResult() {
        return result(ActionResponse.class, LIMIT);
    }

    private <R> R result(Class<R> type, Duration limit) {
        environment.start();
        CompletableFuture<R> result = CompletableFuture.supplyAsync(() -> workflow.getResult(type));
        try {
            CompletableFuture.anyOf(result, failedTasks.first())
                    .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS)
                    .join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof TimeoutException) {
                throw new AssertionError("The workflow has not ended within " + limit.toSeconds() + " s\n"
                        + String.join("\n", describeWaiting()));
            }
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
        if (failedTasks.first().isDone()) {
            workflow.terminate("A workflow task failed");
            Throwable cause = failedTasks.first().join();
            throw new AssertionError("A workflow task failed: " + describe(cause), cause);
        }
        return result.join();
    }

    private List<String> describeWaiting() {
        List<String> waiting = new ArrayList<>();
        kuflow.openTasks().forEach((code, state) -> waiting.add("Open task: " + code + " (" + state + ")"));
        environment
                .getWorkflowServiceStubs()
                .blockingStub()
                .describeWorkflowExecution(DescribeWorkflowExecutionRequest.newBuilder()
                        .setNamespace(environment.getNamespace())
                        .setExecution(workflow.getExecution())
                        .build())
                .getPendingActivitiesList()
                .forEach(activity -> {
                    Failure failure = activity.getLastFailure();
                    String reason = failure.hasCause() ? failure.getCause().getMessage() : failure.getMessage();
                    waiting.add("Activity " + activity.getActivityType().getName() + ", attempt "
                            + activity.getAttempt() + ": " + (reason.isEmpty() ? "running" : reason));
                });
        return waiting;
    }

    /** The error with the line of the workflow, because Maven leaves out the stack of a cause. */
    private static String describe(Throwable failure) {
        String error = failure instanceof ApplicationFailure exception
                ? exception.getType() + ": " + exception.getOriginalMessage()
                : failure.getMessage();
        return Stream.of(failure.getStackTrace())
                .filter(frame -> !NOT_OF_PROJECT.matcher(frame.getClassName()).lookingAt())
                .findFirst()
                .map(frame -> error + " (" + frame.getFileName() + ":" + frame.getLineNumber() + ")")
                .orElse(error);
    }

    /** Cancels the process after a time that the workflow waits. */
    public void cancelAfter(Duration time) {
        environment.registerDelayedCallback(time, workflow::cancel);
    }

    /** Invokes an action, for which people enter nothing, after a time that the workflow waits. */
    public void actAfter(Duration time, SignalAction<Void> action) {
        actAfter(time, action, null);
    }

    /** Invokes an action after a time that the workflow waits. */
    public <I> void actAfter(Duration time, SignalAction<I> action, @Nullable I input) {
        environment.registerDelayedCallback(time, () -> kuflow.act(processId, action, input));
    }

    /** The history of the workflow so far. */
    public WorkflowExecutionHistory history() {
        return environment.getWorkflowClient().fetchHistory(processId.toString());
    }

    /** Returns at once: it takes the worker up to a second to end. */
    @Override
    public void close() {
        Daemons.start("close-test-environment", environment::close);
    }
}
