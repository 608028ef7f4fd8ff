package com.example.loanworker.loan;

import com.example.loanworker.loan.LoanActivities.CheckCreditInput;
import com.example.loanworker.loan.LoanTypes.ApproveLoanData;
import com.example.loanworker.loan.LoanTypes.LoanApplicationData;
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
 * Workflow code is replayed, so it must be deterministic: use activities for I/O and for everything that depends on the
 * outside world.
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
        UUID processId = request.processId();
        LOG.info("Process started");

        // Loan application
        LoanApplicationData loanApplication = kuflow.humanTask(LoanTasks.LOAN_APPLICATION);

        // Check credit
        kuflow.systemTask(
                LoanTasks.CHECK_CREDIT, activities::checkCredit, new CheckCreditInput(processId, loanApplication));

        // Loan discussion
        kuflow.thread(LoanTasks.LOAN_DISCUSSION);

        // Approve loan
        ApproveLoanData approveLoan = kuflow.humanTask(
                LoanTasks.APPROVE_LOAN,
                options -> options.deadline(
                        Duration.ofDays(3), task -> task.log("Nobody has decided for three days", LogLevel.WARN)));
        if (!approveLoan.approved()) {
            kuflow.message(LoanTasks.LOAN_RESULT, "Your loan was not approved");
            return new WorkflowResponse("Process " + processId + " completed: not approved");
        }

        // Loan result
        kuflow.message(LoanTasks.LOAN_RESULT, "Your loan was approved");

        return new WorkflowResponse("Process " + processId + " completed");
    }
}
