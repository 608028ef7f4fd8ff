package com.example.loanworker.loan;

import kuflow.worker.workflow.SignalAction;

/**
 * The user actions that send a signal to the workflow.
 *
 * <p>Generated from kuflow.process.yaml. Do not edit: change the definition, then run
 * {@code ./kuflow generate}.
 */
public final class LoanActions {

    /** Withdraw the application */
    public static final SignalAction<Void> WITHDRAW = SignalAction.withoutInput("WITHDRAW", "Withdraw");

    private LoanActions() {}
}
