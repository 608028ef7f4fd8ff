package com.example.worker.kuflow.testing;

import com.example.worker.kuflow.activity.ActivityInterceptor;
import com.example.worker.kuflow.activity.TaskData;
import com.example.worker.kuflow.activity.TaskFailures;
import com.example.worker.kuflow.operation.WorkerMetrics;
import com.example.worker.kuflow.payload.Payloads;
import com.example.worker.kuflow.workflow.WorkflowInterceptor;
import com.example.worker.kuflow.workflow.WorkflowRequest;
import com.example.worker.kuflow.workflow.WorkflowResponse;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.context.ContextPropagator;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.interceptors.WorkerInterceptor;
import io.temporal.common.metadata.POJOWorkflowImplMetadata;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactoryOptions;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** A process on Temporal's test server, with the converter and the interceptors of the worker. */
public final class ProcessRun implements AutoCloseable {

    private static final String QUEUE = "test";

    private final UUID processId = UUID.randomUUID();
    private final FailedWorkflowTasks failedTasks = new FailedWorkflowTasks();
    private final TestWorkflowEnvironment environment;
    private final WorkflowStub workflow;

    private ProcessRun(
            Class<?> workflowClass, FakeKuFlow kuflow, List<ContextPropagator> propagators, Object... activities) {
        DataConverter converter = Payloads.converter(kuflow.settings().worker().maxPayloadBytes());
        environment = TestWorkflowEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                .setWorkflowServiceStubsOptions(WorkflowServiceStubsOptions.newBuilder()
                        .setGrpcClientInterceptors(List.of(failedTasks))
                        .build())
                .setWorkflowClientOptions(WorkflowClientOptions.newBuilder()
                        .setDataConverter(converter)
                        .setContextPropagators(propagators)
                        .build())
                .setWorkerFactoryOptions(WorkerFactoryOptions.newBuilder()
                        .setWorkerInterceptors(new WorkflowInterceptor(), activityInterceptor(kuflow))
                        .build())
                .build());
        kuflow.connect(environment.getWorkflowClient());
        Worker worker = environment.newWorker(QUEUE);
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
        workflow.start(WorkflowRequest.of(processId));
    }

    /** Starts the workflow of a process. Nothing happens until somebody waits for its result. */
    public static ProcessRun start(Class<?> workflowClass, FakeKuFlow kuflow, Object... activities) {
        return new ProcessRun(workflowClass, kuflow, List.of(), activities);
    }

    private static String typeOf(Class<?> workflowClass) {
        return POJOWorkflowImplMetadata.newInstance(workflowClass)
                .getWorkflowMethods()
                .get(0)
                .getName();
    }

    private static WorkerInterceptor activityInterceptor(FakeKuFlow kuflow) {
        TaskFailures failures =
                new TaskFailures(kuflow.client(), new WorkerMetrics(new SimpleMeterRegistry()), kuflow.settings());
        return new ActivityInterceptor(new TaskData(), failures, kuflow.settings());
    }

    public UUID processId() {
        return processId;
    }

    /**
     * Waits until the workflow ends.
     *
     * @throws io.temporal.client.WorkflowFailedException if the workflow fails
     * @throws AssertionError if a workflow task fails. Temporal would retry it until somebody fixes the workflow code.
     */
    public WorkflowResponse result() {
        environment.start();
        CompletableFuture<WorkflowResponse> result =
                CompletableFuture.supplyAsync(() -> workflow.getResult(WorkflowResponse.class));
        try {
            CompletableFuture.anyOf(result, failedTasks.first()).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
        if (failedTasks.first().isDone()) {
            Throwable cause = failedTasks.first().join();
            throw new AssertionError("A workflow task failed: " + cause.getMessage(), cause);
        }
        return result.join();
    }

    /** The history of the workflow so far. */
    public WorkflowExecutionHistory history() {
        return environment.getWorkflowClient().fetchHistory(processId.toString());
    }

    @Override
    public void close() {
        environment.close();
    }
}
