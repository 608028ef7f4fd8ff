package com.example.loanworker.loan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.loanworker.loan.LoanActivities.CheckCreditInput;
import com.example.loanworker.loan.LoanTypes.CheckCreditData;
import io.temporal.failure.ApplicationFailure;
import java.time.Duration;
import java.util.Map;
import kuflow.worker.KuFlowOperations.ProcessItem.TaskState;
import kuflow.worker.testing.FakeKuFlow;
import kuflow.worker.testing.Person;
import kuflow.worker.testing.Person.TaskLog;
import kuflow.worker.testing.ProcessRun;
import kuflow.worker.testing.Replay;
import kuflow.worker.testing.SampleData;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the workflow")
class LoanWorkflowTest {

    private static final SampleData SAMPLE = SampleData.read("loan");

    private static ProcessRun start(FakeKuFlow kuflow) {
        return ProcessRun.start(LoanWorkflowImpl.class, kuflow, new LoanActivitiesImpl(kuflow.client()));
    }

    @Test
    @DisplayName("completes with a replayable history")
    void completesWithReplayableHistory() throws Exception {
        try (FakeKuFlow kuflow = new FakeKuFlow(Person.entering(SAMPLE.answers()), SAMPLE.metadata());
                ProcessRun run = start(kuflow)) {
            assertThat(run.result().message()).isNotEmpty();
            assertThat(kuflow.itemCodes()).isEqualTo(SAMPLE.items());
            assertThat(kuflow.items()).extracting(item -> item.taskState()).isSubsetOf(TaskState.COMPLETED, null);

            Replay.replay(run.history(), LoanWorkflowImpl.class);
        }
    }

    @Test
    @DisplayName("ignores unknown signals")
    void ignoresUnknownSignals() {
        try (FakeKuFlow kuflow = new FakeKuFlow(Person.entering(SAMPLE.answers()), SAMPLE.metadata());
                ProcessRun run = start(kuflow)) {
            kuflow.signal(run.processId(), "Unknown_Signal", Map.of());
            kuflow.signal(run.processId(), "KuFlow_Engine_Signal_Process_Item", Map.of("type", "UNKNOWN"));

            assertThat(run.result().message()).isNotEmpty();
        }
    }

    @Test
    @DisplayName("skips the approval when the credit check returns ACCEPT")
    void skipsApprovalWhenCreditCheckAccepts() {
        try (FakeKuFlow kuflow = new FakeKuFlow(Person.entering(SAMPLE.answers()), SAMPLE.metadata());
                ProcessRun run = ProcessRun.start(LoanWorkflowImpl.class, kuflow, accepting(kuflow))) {
            assertThat(run.result().message()).endsWith(" completed");
            assertThat(kuflow.itemCodes()).doesNotContain("APPROVE_LOAN");
        }
    }

    private static LoanActivities accepting(FakeKuFlow kuflow) {
        return new LoanActivitiesImpl(kuflow.client()) {
            @Override
            public CheckCreditData checkCredit(CheckCreditInput input) {
                return CheckCreditData.builder()
                        .score(0L)
                        .decision(CheckCreditData.Decision.ACCEPT)
                        .build();
            }
        };
    }

    @Test
    @DisplayName("tells the applicant that the loan was not approved")
    void tellsApplicantThatLoanWasNotApproved() {
        Person person = (code, logs) ->
                Person.enter(code.equals("APPROVE_LOAN") ? Map.of("approved", false) : SAMPLE.answerTo(code));
        try (FakeKuFlow kuflow = new FakeKuFlow(person, SAMPLE.metadata());
                ProcessRun run = start(kuflow)) {
            run.result();

            assertThat(kuflow.items())
                    .last()
                    .extracting(item -> item.message().text())
                    .isEqualTo("Your loan was not approved");
        }
    }

    @Test
    @DisplayName("logs a warning on the approval task after three days without a decision")
    void logsWarningAfterThreeDaysWithoutDecision() {
        Person person = (code, logs) ->
                code.equals("APPROVE_LOAN") && logs.isEmpty() ? Person.leave() : Person.enter(SAMPLE.answerTo(code));
        try (FakeKuFlow kuflow = new FakeKuFlow(person, SAMPLE.metadata());
                ProcessRun run = start(kuflow)) {
            run.result();

            assertThat(kuflow.logs())
                    .containsExactly(new TaskLog("APPROVE_LOAN", "WARN", "No decision after three days"));
        }
    }

    @Test
    @DisplayName("cancels the open tasks when the applicant withdraws")
    void cancelsOpenTasksWhenApplicantWithdraws() {
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave(), SAMPLE.metadata());
                ProcessRun run = start(kuflow)) {
            run.actAfter(Duration.ofMinutes(30), LoanActions.WITHDRAW);

            assertThat(run.result().message()).endsWith("completed: withdrawn");
            assertThat(kuflow.items().get(0).taskState()).isEqualTo(TaskState.CANCELLED);
            assertThat(kuflow.items())
                    .last()
                    .extracting(item -> item.message().text())
                    .isEqualTo("You withdrew your application");
        }
    }

    @Test
    @DisplayName("fails when a task is canceled in KuFlow, even without a signal")
    void failsWhenTaskIsCanceledInKuFlow() {
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.cancel(), SAMPLE.metadata());
                ProcessRun run = start(kuflow)) {
            assertThatThrownBy(run::result)
                    .cause()
                    .isInstanceOfSatisfying(
                            ApplicationFailure.class,
                            failure -> assertThat(failure.getType()).isEqualTo("TaskCancelled"));
        }
    }
}
