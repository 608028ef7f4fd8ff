package com.example.loanworker.loan;

import com.example.loanworker.loan.LoanActivities.CheckCreditInput;
import com.example.loanworker.loan.LoanTypes.ApproveLoanData;
import com.example.loanworker.loan.LoanTypes.CheckCreditData;
import com.example.loanworker.loan.LoanTypes.LoanApplicationData;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.CompletablePromise;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import java.time.Duration;
import java.util.UUID;
import kuflow.worker.model.LogLevel;
import kuflow.worker.workflow.KuFlowProcess;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;
import org.slf4j.Logger;

/**
 * Workflow code is replayed, so it must be deterministic. Use activities for I/O and anything that depends on the
 * outside world. {@code humanTask} and {@code systemTask} wait until the task is completed; {@code message} and
 * {@code thread} do not wait for people.
 */
public class LoanWorkflowImpl implements LoanWorkflow {

    private static final Logger LOG = Workflow.getLogger(LoanWorkflowImpl.class);

    private final KuFlowProcess kuflow;
    private final LoanActivities activities = KuFlowProcess.activities(LoanActivities.class);

    @WorkflowInit
    public LoanWorkflowImpl(WorkflowRequest request) {
        kuflow = new KuFlowProcess(request);
    }

    @Override
    public WorkflowResponse run(WorkflowRequest request) {
        // A withdrawal cancels the scope, and with it the open tasks. Register the handler before the first task.
        CompletablePromise<WorkflowResponse> result = Workflow.newPromise();
        CancellationScope work = Workflow.newCancellationScope(() -> result.complete(handleTasks(request.processId())));
        kuflow.onAction(LoanActions.WITHDRAW, ignored -> work.cancel());
        try {
            work.run();
            return result.get();
        } catch (TemporalFailure failure) {
            if (!work.isCancelRequested()) throw failure;
            // This usually means that the applicant withdrew. If the whole process was canceled, the next call throws.
            kuflow.message(LoanTasks.LOAN_RESULT, "You withdrew your application");
            return new WorkflowResponse("Process " + request.processId() + " completed: withdrawn");
        }
    }

    private WorkflowResponse handleTasks(UUID processId) {
        LOG.info("Process started");

        LoanApplicationData loanApplication = kuflow.humanTask(LoanTasks.LOAN_APPLICATION);

        CheckCreditData checkCredit = kuflow.systemTask(
                LoanTasks.CHECK_CREDIT, activities::checkCredit, new CheckCreditInput(processId, loanApplication));

        kuflow.thread(LoanTasks.LOAN_DISCUSSION);

        if (checkCredit.decision() == CheckCreditData.Decision.REVIEW) {
            ApproveLoanData approveLoan = kuflow.humanTask(
                    LoanTasks.APPROVE_LOAN,
                    options -> options.deadline(
                            Duration.ofDays(3), task -> task.log("No decision after three days", LogLevel.WARN)));
            if (!approveLoan.approved()) {
                kuflow.message(LoanTasks.LOAN_RESULT, "Your loan was not approved");
                return new WorkflowResponse("Process " + processId + " completed: not approved");
            }
        }

        kuflow.message(LoanTasks.LOAN_RESULT, "Your loan was approved");

        return new WorkflowResponse("Process " + processId + " completed");
    }
}
