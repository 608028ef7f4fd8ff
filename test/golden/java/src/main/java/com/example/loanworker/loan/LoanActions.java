package com.example.loanworker.loan;

import kuflow.worker.workflow.SignalAction;

/** The user actions of the process defined in kuflow.process.yaml that send a signal to its workflow. */
public final class LoanActions {

    /** Withdraw the application */
    public static final SignalAction<Void> WITHDRAW = SignalAction.withoutInput("WITHDRAW", "Withdraw");

    private LoanActions() {}
}
