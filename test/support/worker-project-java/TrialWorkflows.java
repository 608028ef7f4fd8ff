package com.example.worker.trial;

import io.temporal.activity.ActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.KuFlowOperations.CreateProcessItem;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.internal.ItemContext;
import kuflow.worker.internal.WorkerActivities;
import kuflow.worker.model.LogLevel;
import kuflow.worker.workflow.HumanTask;
import kuflow.worker.workflow.KuFlowProcess;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;
import org.slf4j.Logger;

/** Added to a generated project by the end-to-end tests: workflows that exercise the worker. */
public final class TrialWorkflows {

    private static final Logger LOGGER = Workflow.getLogger(TrialWorkflows.class);

    private static final long STEADY_MILLISECONDS = 75_000;

    private TrialWorkflows() {}

    private static TrialActivities stub(Duration startToClose, RetryOptions retry) {
        return Workflow.newActivityStub(
                TrialActivities.class,
                ActivityOptions.newBuilder()
                        .setStartToCloseTimeout(startToClose)
                        .setRetryOptions(retry)
                        .build());
    }

    private static RetryOptions attempts(int maximum) {
        return RetryOptions.newBuilder().setMaximumAttempts(maximum).build();
    }

    private static UUID createTask(KuFlowOperations kuflow, UUID processId, String code) {
        UUID id = Workflow.randomUUID();
        kuflow.createProcessItem(
                new CreateProcessItem(id, ProcessItem.Type.TASK, processId, null, null, null, code, null, null));
        return id;
    }

    @WorkflowInterface
    public interface SteadyWorkflow {
        @WorkflowMethod(name = "SteadyWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** Short activities without pauses: the worker's own and KuFlow's. */
    public static class SteadyWorkflowImpl implements SteadyWorkflow {

        /** A single attempt, so that a task that the worker loses fails the workflow. */
        private final TrialActivities onlyOnce = stub(Duration.ofSeconds(10), attempts(1));

        private final KuFlowOperations kuflow = KuFlowProcess.kuflowActivities();

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            long until = Workflow.currentTimeMillis() + STEADY_MILLISECONDS;
            while (Workflow.currentTimeMillis() < until) {
                Promise.allOf(
                                Async.procedure(onlyOnce::shortWork, 700),
                                Async.procedure(onlyOnce::shortWork, 1_200),
                                Async.function(kuflow::retrieveProcess, request.processId()))
                        .get();
            }
            return new WorkflowResponse("steady");
        }
    }

    @WorkflowInterface
    public interface OutsideWorkflow {
        @WorkflowMethod(name = "OutsideWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A task that nobody completes, read again every half second. */
    public static class OutsideWorkflowImpl implements OutsideWorkflow {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public OutsideWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request, Duration.ofMillis(500));
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.humanTask(HumanTask.untyped("OUTSIDE"));
            return new WorkflowResponse("completed");
        }
    }

    @WorkflowInterface
    public interface FailingWorkflow {
        @WorkflowMethod(name = "FailingWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    public static class FailingWorkflowImpl implements FailingWorkflow {
        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            throw ApplicationFailure.newNonRetryableFailure("Out of paper", "Error");
        }
    }

    @WorkflowInterface
    public interface SlowWorkflow {
        @WorkflowMethod(name = "SlowWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    public static class SlowWorkflowImpl implements SlowWorkflow {

        private final TrialActivities activities = KuFlowProcess.activities(TrialActivities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            return new WorkflowResponse(activities.slowWork());
        }
    }

    @WorkflowInterface
    public interface PostsWorkflow {
        @WorkflowMethod(name = "PostsWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** Each POST of KuFlow's activities that the local platform serves. */
    public static class PostsWorkflowImpl implements PostsWorkflow {

        private final KuFlowOperations kuflow = KuFlowProcess.kuflowActivities();
        private final WorkerActivities worker = KuFlowProcess.activities(WorkerActivities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            UUID processId = request.processId();
            UUID applicationId = worker.retrieveApplication().applicationId();
            UUID userId = kuflow.retrieveProcess(processId).initiatorId();
            UUID id = createTask(kuflow, processId, "POSTS");
            kuflow.claimProcessItemTask(id);
            kuflow.appendProcessItemTaskLog(id, "Begun", LogLevel.INFO);
            kuflow.assignProcessItemTask(id, userId, null);
            kuflow.assignProcessItemTask(id, applicationId, null);
            kuflow.completeProcessItemTask(id);
            UUID canceled = createTask(kuflow, processId, "POSTS");
            kuflow.cancelProcessItems(processId, List.of(canceled));
            kuflow.changeProcessInitiator(processId, applicationId, null);
            return new WorkflowResponse("posted");
        }
    }

    @WorkflowInterface
    public interface BrokenWorkflow {
        @WorkflowMethod(name = "BrokenWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** Workflow code that fails at the same place in every attempt. */
    public static class BrokenWorkflowImpl implements BrokenWorkflow {
        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            Map<UUID, List<String>> words = new HashMap<>();
            return new WorkflowResponse(String.join(" ", words.get(request.processId())));
        }
    }

    @WorkflowInterface
    public interface MisspelledWorkflow {
        @WorkflowMethod(name = "MisspelledWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** Calls an activity whose name is misspelled. */
    public static class MisspelledWorkflowImpl implements MisspelledWorkflow {
        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            ActivityOptions options = ActivityOptions.newBuilder()
                    .setStartToCloseTimeout(Duration.ofMinutes(1))
                    .build();
            return new WorkflowResponse(Workflow.newUntypedActivityStub(options).execute("slowWrok", String.class));
        }
    }

    @WorkflowInterface
    public interface FlakyWorkflow {
        @WorkflowMethod(name = "FlakyWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A task whose activities fail: several times, at once and forever, and by a timeout. */
    public static class FlakyWorkflowImpl implements FlakyWorkflow {

        private final KuFlowOperations kuflow = KuFlowProcess.kuflowActivities();
        private final TrialActivities steady = stub(
                Duration.ofSeconds(10),
                RetryOptions.newBuilder().setBackoffCoefficient(1).build());
        private final TrialActivities once = stub(Duration.ofSeconds(1), attempts(1));

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            UUID id = createTask(kuflow, request.processId(), "FLAKY");
            new ItemContext(id, "FLAKY", false).run(() -> {
                LOGGER.info("Working");
                List<Promise<?>> all = List.of(
                        Async.procedure(steady::flakyWork),
                        Async.procedure(steady::nonRetryableWork),
                        Async.function(once::slowWork));
                String outcomes = all.stream()
                        .map(work -> work.getFailure() == null ? "fulfilled" : "rejected")
                        .collect(Collectors.joining(","));
                LOGGER.info("Worked {}", outcomes);
                return outcomes;
            });
            LOGGER.info("Out of the task");
            return new WorkflowResponse("done");
        }
    }

    @WorkflowInterface
    public interface LargeWorkflow {
        @WorkflowMethod(name = "LargeWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** Payloads of 50,000 and 150,000 bytes to and from activities, and then a task. */
    public static class LargeWorkflowImpl implements LargeWorkflow {

        private final KuFlowProcess kuflow;
        private final TrialActivities activities = KuFlowProcess.activities(TrialActivities.class);

        @WorkflowInit
        public LargeWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            activities.lengthOf("x".repeat(50_000));
            activities.textOf(50_000);
            String refused = "";
            try {
                activities.textOf(150_000);
            } catch (ActivityFailure failure) {
                ApplicationFailure cause = (ApplicationFailure) failure.getCause();
                refused = cause.getType() + ": " + cause.getOriginalMessage();
            }
            kuflow.humanTask(HumanTask.untyped("LARGE"));
            return new WorkflowResponse(refused);
        }
    }

    @WorkflowInterface
    public interface TooLargeWorkflow {
        @WorkflowMethod(name = "TooLargeWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    public static class TooLargeWorkflowImpl implements TooLargeWorkflow {

        private final TrialActivities activities = KuFlowProcess.activities(TrialActivities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            return new WorkflowResponse(String.valueOf(activities.lengthOf("x".repeat(150_000))));
        }
    }
}
