package com.example.loanworker.engine_loan;

import com.example.loanworker.engine_loan.EngineLoanTypes.ApproveLoanData;
import com.example.loanworker.engine_loan.EngineLoanTypes.LoanApplicationData;
import com.example.loanworker.engine_loan.EngineLoanTypes.Metadata;
import io.temporal.workflow.WorkflowInit;
import java.math.BigDecimal;
import java.util.Map;
import java.util.UUID;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.workflow.HumanTask;
import kuflow.worker.workflow.KuFlowProcess;
import kuflow.worker.workflow.Owner;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;

/** Loans of up to 5,000 are granted, and a person decides about larger ones. */
public class EngineLoanWorkflowImpl implements EngineLoanWorkflow {

    private static final BigDecimal LIMIT = BigDecimal.valueOf(5_000);

    private final KuFlowProcess kuflow;
    private final KuFlowOperations activities = KuFlowProcess.kuflowActivities();

    @WorkflowInit
    public EngineLoanWorkflowImpl(WorkflowRequest request) {
        kuflow = new KuFlowProcess(request);
    }

    @Override
    public WorkflowResponse run(WorkflowRequest request) {
        LoanApplicationData application = kuflow.humanTask(EngineLoanTasks.LOAN_APPLICATION);
        kuflow.writeMetadata(Metadata.builder()
                .firstName(application.firstName())
                .lastName(application.lastName())
                .build());

        boolean isGranted = application.amount().compareTo(LIMIT) <= 0 || isApproved(application);
        notifyInitiator(
                request.processId(),
                isGranted ? EngineLoanTasks.NOTIFICATION_GRANTED : EngineLoanTasks.NOTIFICATION_REJECTION);
        return new WorkflowResponse(isGranted ? "granted" : "rejected");
    }

    private boolean isApproved(LoanApplicationData application) {
        ApproveLoanData shown = ApproveLoanData.builder()
                .firstName(application.firstName())
                .lastName(application.lastName())
                .amount(application.amount())
                .build();
        ApproveLoanData decided = kuflow.humanTask(EngineLoanTasks.APPROVE_LOAN, options -> options.data(shown));
        return decided.approval() == ApproveLoanData.Approval.YES;
    }

    private void notifyInitiator(UUID processId, HumanTask<Map<String, Object>> notification) {
        UUID initiator = activities.retrieveProcess(processId).initiatorId();
        kuflow.openTask(notification, options -> options.owner(Owner.ofId(initiator)));
    }
}
