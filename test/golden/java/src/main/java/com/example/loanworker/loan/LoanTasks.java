package com.example.loanworker.loan;

import com.example.loanworker.loan.LoanTypes.ApproveLoanData;
import com.example.loanworker.loan.LoanTypes.CheckCreditData;
import com.example.loanworker.loan.LoanTypes.LoanApplicationData;
import java.util.Map;
import kuflow.worker.workflow.HumanTask;
import kuflow.worker.workflow.MessageTask;
import kuflow.worker.workflow.SystemTask;
import kuflow.worker.workflow.ThreadTask;

/**
 * The process's tasks, with their codes in KuFlow and the types of their data.
 *
 * <p>Generated from kuflow.process.yaml. Do not edit: change the definition, then run
 * {@code ./kuflow generate}.
 */
public final class LoanTasks {

    public static final HumanTask<LoanApplicationData> LOAN_APPLICATION =
            new HumanTask<>("LOAN_APPLICATION", LoanApplicationData.class);

    public static final SystemTask<CheckCreditData> CHECK_CREDIT =
            new SystemTask<>("CHECK_CREDIT", CheckCreditData.class);

    public static final ThreadTask LOAN_DISCUSSION = new ThreadTask("LOAN_DISCUSSION");

    public static final HumanTask<ApproveLoanData> APPROVE_LOAN =
            new HumanTask<>("APPROVE_LOAN", ApproveLoanData.class);

    public static final MessageTask<Map<String, Object>> LOAN_RESULT = new MessageTask<>("LOAN_RESULT");

    private LoanTasks() {}
}
