package com.example.worker.trial;

import com.example.worker.trial.JourneyActivities.Contract;
import com.example.worker.trial.JourneyActivities.StampedContract;
import io.temporal.workflow.WorkflowInit;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import kuflow.worker.internal.WorkerActivities;
import kuflow.worker.model.KuFlowFile;
import kuflow.worker.model.KuFlowPrincipal;
import kuflow.worker.workflow.HumanTask;
import kuflow.worker.workflow.KuFlowProcess;
import kuflow.worker.workflow.MessageTask;
import kuflow.worker.workflow.Owner;
import kuflow.worker.workflow.SignalAction;
import kuflow.worker.workflow.SystemTask;
import kuflow.worker.workflow.TaskCancelled;
import kuflow.worker.workflow.ThreadTask;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;

/**
 * Added to a generated project by the end-to-end tests: a process that needs everything at once. The reviewer gets the task from
 * the application when its deadline has passed, and completes it. Somebody may cancel the last task in KuFlow, which sends no
 * signal.
 */
public class JourneyWorkflowImpl implements JourneyWorkflow {

    private static final HumanTask<Application> APPLY = new HumanTask<>("APPLY", Application.class);
    private static final SystemTask<StampedContract> STAMP = new SystemTask<>("STAMP", StampedContract.class);
    private static final HumanTask<Review> REVIEW = new HumanTask<>("REVIEW", Review.class);
    private static final MessageTask<Map<String, Object>> NOTE = new MessageTask<>("NOTE");
    private static final ThreadTask TALK = new ThreadTask("TALK");
    private static final HumanTask<Map<String, Object>> SIGN = HumanTask.untyped("SIGN");
    private static final SignalAction<Void> REMIND = SignalAction.withoutInput("REMIND", "Remind");

    private int reminders = 0;
    private final KuFlowProcess kuflow;
    private final JourneyActivities transfers = KuFlowProcess.transferActivities(JourneyActivities.class);
    private final WorkerActivities worker = KuFlowProcess.activities(WorkerActivities.class);

    public record Application(KuFlowFile contract, KuFlowPrincipal reviewer) {}

    public record Review(boolean approved) {}

    @WorkflowInit
    public JourneyWorkflowImpl(WorkflowRequest request) {
        kuflow = new KuFlowProcess(request, Duration.ofMillis(500));
    }

    @Override
    public WorkflowResponse run(WorkflowRequest request) {
        kuflow.onAction(REMIND, nothing -> reminders++);
        Application application = kuflow.humanTask(APPLY);
        UUID reviewerId = application.reviewer().id();
        kuflow.systemTask(
                STAMP,
                transfers::stampContract,
                new Contract(request.processId(), application.contract(), reviewerId));
        Owner us = Owner.ofId(worker.retrieveApplication().applicationId());
        Review review = kuflow.humanTask(
                REVIEW,
                options -> options.owner(us)
                        .deadline(Duration.ofDays(3), task -> task.assign(Owner.ofId(reviewerId))));
        kuflow.message(NOTE, "Reviewed after " + reminders + " reminders");
        kuflow.thread(TALK);
        try {
            kuflow.humanTask(SIGN);
        } catch (TaskCancelled canceled) {
            return new WorkflowResponse("withdrawn");
        }
        return new WorkflowResponse(review.approved() ? "approved" : "rejected");
    }
}
