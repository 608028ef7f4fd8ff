package com.example.loanworker.loan;

import com.example.loanworker.loan.LoanTypes.CheckCreditData;
import com.example.loanworker.loan.LoanTypes.LoanApplicationData;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.UUID;

/** Your activities: work that workflow code must not do itself, such as calling another system. */
@ActivityInterface
public interface LoanActivities {

    /** Performs the "Check credit" task and returns its data. */
    @ActivityMethod(name = "checkCredit")
    CheckCreditData checkCredit(CheckCreditInput input);

    record CheckCreditInput(UUID processId, LoanApplicationData loanApplication) {}
}
