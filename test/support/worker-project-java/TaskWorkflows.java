package com.example.worker.trial;

import com.example.worker.loan.LoanTasks;
import com.example.worker.loan.LoanTypes.CheckCreditData;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.model.LogLevel;
import kuflow.worker.workflow.ActionRequest;
import kuflow.worker.workflow.ActionResponse;
import kuflow.worker.workflow.HumanTask;
import kuflow.worker.workflow.KuFlowProcess;
import kuflow.worker.workflow.Owner;
import kuflow.worker.workflow.SystemTaskHandle;
import kuflow.worker.workflow.TaskCancelled;
import kuflow.worker.workflow.TaskHandle;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;
import org.slf4j.Logger;

/** Added to a generated project by the end-to-end tests: workflows that work with tasks and documents. */
public final class TaskWorkflows {

    private static final Logger LOGGER = Workflow.getLogger(TaskWorkflows.class);

    private static final HumanTask<Review> REVIEW = new HumanTask<>("REVIEW", Review.class);
    private static final HumanTask<Map<String, Object>> SECOND = HumanTask.untyped("SECOND");
    private static final HumanTask<Map<String, Object>> THIRD = HumanTask.untyped("THIRD");

    private TaskWorkflows() {}

    public record Review(boolean ok) {}

    public record Note(String text) {}

    private static String outcomeOf(Promise<?> promise) {
        RuntimeException failure = promise.getFailure();
        if (failure instanceof TaskCancelled canceled) {
            return "canceled " + canceled.code();
        }
        return failure instanceof CanceledFailure ? "scope canceled" : String.valueOf(failure);
    }

    @WorkflowInterface
    public interface HandlesWorkflow {
        @WorkflowMethod(name = "HandlesWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A task that is assigned and then completed, one that its handle cancels, and two whose scopes are canceled. */
    public static class HandlesWorkflowImpl implements HandlesWorkflow {

        private final KuFlowProcess kuflow;
        private final KuFlowOperations activities = KuFlowProcess.kuflowActivities();

        @WorkflowInit
        public HandlesWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            UUID initiator = activities.retrieveProcess(request.processId()).initiatorId();
            TaskHandle<Review> first = kuflow.openTask(REVIEW);
            first.log("Look at this first", LogLevel.WARN);
            first.assign(Owner.ofId(initiator));
            boolean ok = first.done().get().ok();

            TaskHandle<Map<String, Object>> second = kuflow.openTask(SECOND);
            second.cancel();
            String outcome = outcomeOf(second.done());

            CancellationScope systemScope =
                    Workflow.newCancellationScope(() -> kuflow.openTask(LoanTasks.CHECK_CREDIT));
            systemScope.run();
            systemScope.cancel();

            List<TaskHandle<Map<String, Object>>> third = new ArrayList<>();
            CancellationScope scope = Workflow.newCancellationScope(() -> third.add(kuflow.openTask(THIRD)));
            scope.run();
            scope.cancel();
            return new WorkflowResponse(
                    ok + ", " + outcome + ", " + outcomeOf(third.get(0).done()));
        }
    }

    @WorkflowInterface
    public interface DeadlineWorkflow {
        @WorkflowMethod(name = "DeadlineWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A deadline that passes, and one that does not. Signals of the type {@code Note} are part of the result. */
    public static class DeadlineWorkflowImpl implements DeadlineWorkflow {

        private final KuFlowProcess kuflow;
        private final List<String> notes = new ArrayList<>();
        private int calls;

        @WorkflowInit
        public DeadlineWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
            kuflow.onSignal("Note", Note.class, note -> notes.add(note.text()));
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            boolean ok = kuflow.humanTask(REVIEW, options -> options.deadline(Duration.ofSeconds(1), this::count))
                    .ok();
            Instant later = Instant.ofEpochMilli(Workflow.currentTimeMillis()).plus(Duration.ofHours(1));
            kuflow.humanTask(SECOND, options -> options.deadline(later, this::count));
            return new WorkflowResponse(calls + " calls, " + ok + ", " + String.join(",", notes));
        }

        private void count(TaskHandle<?> task) {
            calls++;
            task.log("Call " + calls, LogLevel.INFO);
        }
    }

    @WorkflowInterface
    public interface UnassignableWorkflow {
        @WorkflowMethod(name = "UnassignableWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A task that cannot be assigned, and is completed. */
    public static class UnassignableWorkflowImpl implements UnassignableWorkflow {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public UnassignableWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            TaskHandle<Review> task = kuflow.openTask(REVIEW);
            task.assign(Owner.ofEmail("nobody@example.com"));
            return new WorkflowResponse(String.valueOf(task.done().get().ok()));
        }
    }

    @WorkflowInterface
    public interface EarlySignalWorkflow {
        @WorkflowMethod(name = "EarlySignalWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** Returns the texts of the signals that have arrived before it starts. */
    public static class EarlySignalWorkflowImpl implements EarlySignalWorkflow {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public EarlySignalWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            List<String> notes = new ArrayList<>();
            kuflow.onSignal("Note", Note.class, note -> notes.add(note.text()));
            Workflow.await(Duration.ofSeconds(10), () -> !notes.isEmpty());
            return new WorkflowResponse(String.join(",", notes));
        }
    }

    @WorkflowInterface
    public interface OverdueWorkflow {
        @WorkflowMethod(name = "OverdueWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A deadline in the past. */
    public static class OverdueWorkflowImpl implements OverdueWorkflow {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public OverdueWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.humanTask(REVIEW, options -> options.deadline(Instant.ofEpochMilli(1), task -> {}));
            return new WorkflowResponse("never");
        }
    }

    @WorkflowInterface
    public interface InvalidWorkflow {
        @WorkflowMethod(name = "InvalidWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** A system task whose data is invalid at first, and one whose data is invalid forever. */
    public static class InvalidWorkflowImpl implements InvalidWorkflow {

        private final KuFlowProcess kuflow;
        private final TaskActivities activities = KuFlowProcess.activities(TaskActivities.class);

        @WorkflowInit
        public InvalidWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            CheckCreditData valid =
                    kuflow.systemTask(LoanTasks.CHECK_CREDIT, activities::scoreSecondTime, request.processId());
            SystemTaskHandle<CheckCreditData> handle = kuflow.openTask(LoanTasks.CHECK_CREDIT);
            String outcome = "completed";
            try {
                handle.complete(() -> CheckCreditData.builder().score(7L).build());
            } catch (ActivityFailure failure) {
                ApplicationFailure cause = (ApplicationFailure) failure.getCause();
                outcome = cause.getType() + ": " + cause.getOriginalMessage();
            }
            handle.cancel();
            return new WorkflowResponse(valid.score() + ", " + outcome);
        }
    }

    @WorkflowInterface
    public interface StricterWorkflow {
        @WorkflowMethod(name = "StricterWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** KuFlow's definition of the task requires more than that of the project. */
    public static class StricterWorkflowImpl implements StricterWorkflow {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public StricterWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.openTask(LoanTasks.CHECK_CREDIT)
                    .complete(() -> CheckCreditData.builder()
                            .score(7L)
                            .decision(CheckCreditData.Decision.ACCEPT)
                            .build());
            return new WorkflowResponse("never");
        }
    }

    @WorkflowInterface
    public interface DocumentsWorkflow {
        @WorkflowMethod(name = "DocumentsWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    public static class DocumentsWorkflowImpl implements DocumentsWorkflow {

        private final TaskActivities activities = KuFlowProcess.activities(TaskActivities.class);
        private final TaskActivities transfers = KuFlowProcess.transferActivities(TaskActivities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            TaskActivities.Uploaded uploaded =
                    transfers.uploadContent(new TaskActivities.Content(request.processId(), 20));
            boolean same = transfers.hashOfDocument(uploaded.document()).equals(uploaded.hash());
            int status = activities.statusOfUnknownProcess();
            LOGGER.info("Transferred, same: {}", same);
            return new WorkflowResponse(uploaded.document() + " " + same + " " + status);
        }
    }

    @WorkflowInterface
    public interface ExportWorkflow {
        @WorkflowMethod(name = "ExportWorkflow")
        ActionResponse run(ActionRequest request);
    }

    /** The workflow of a downloadable action. */
    public static class ExportWorkflowImpl implements ExportWorkflow {

        private final TaskActivities transfers = KuFlowProcess.transferActivities(TaskActivities.class);

        @Override
        public ActionResponse run(ActionRequest request) {
            return ActionResponse.of(
                    transfers.uploadContent(new TaskActivities.Content(request.processId(), 1)).document());
        }
    }

    @WorkflowInterface
    public interface StuckWorkflow {
        @WorkflowMethod(name = "StuckWorkflow")
        WorkflowResponse run(WorkflowRequest request);
    }

    /** An activity that does not end. */
    public static class StuckWorkflowImpl implements StuckWorkflow {

        private final TaskActivities activities = KuFlowProcess.activities(TaskActivities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            activities.ignoreCancellation();
            return new WorkflowResponse("never");
        }
    }
}
