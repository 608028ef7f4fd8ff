package kuflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.activity.ActivityInterface;
import io.temporal.workflow.Async;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import kuflow.worker.KuFlowOperations.Process.State;
import kuflow.worker.model.KuFlowFile;
import kuflow.worker.model.KuFlowPrincipal;
import kuflow.worker.model.LogLevel;
import kuflow.worker.testing.FakeKuFlow;
import kuflow.worker.testing.LocalKuFlow;
import kuflow.worker.testing.LocalProcess;
import kuflow.worker.testing.Person;
import kuflow.worker.testing.ProcessRun;
import kuflow.worker.testing.SampleData;
import kuflow.worker.workflow.CallRejected;
import kuflow.worker.workflow.HumanTask;
import kuflow.worker.workflow.KuFlowProcess;
import kuflow.worker.workflow.MessageTask;
import kuflow.worker.workflow.Owner;
import kuflow.worker.workflow.SignalAction;
import kuflow.worker.workflow.SystemTask;
import kuflow.worker.workflow.SystemTaskHandle;
import kuflow.worker.workflow.TaskCancelled;
import kuflow.worker.workflow.TaskHandle;
import kuflow.worker.workflow.ThreadTask;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.Logger;
import org.springframework.util.FileSystemUtils;

/** The Java code in docs/how-to, so that it is compiled. A test of the docs compares it with the pages. */
final class DocumentedCode {

    private static final Logger LOG = Workflow.getLogger(DocumentedCode.class);
    private static final SampleData SAMPLE = SampleData.read("loan.json");

    record LoanApplicationData(String email, KuFlowPrincipal reviewer) {}

    record ApproveLoanData(boolean approved) {}

    record ReviewData(String comments) {}

    record TeamData(String answer) {}

    record BothTeams(TeamData sales, TeamData legal) {}

    record CheckCreditData(long score) {}

    record GuaranteeData(boolean confirmed) {}

    record SignData(KuFlowFile signed) {}

    record ChangeAmountInput(long amount) {}

    static final class LoanTasks {
        static final HumanTask<LoanApplicationData> LOAN_APPLICATION =
                new HumanTask<>("LOAN_APPLICATION", LoanApplicationData.class);
        static final HumanTask<ApproveLoanData> APPROVE_LOAN = new HumanTask<>("APPROVE_LOAN", ApproveLoanData.class);
        static final HumanTask<ReviewData> REVIEW = new HumanTask<>("REVIEW", ReviewData.class);
        static final HumanTask<ReviewData> REVIEW_LOAN = new HumanTask<>("REVIEW_LOAN", ReviewData.class);
        static final HumanTask<TeamData> SALES = new HumanTask<>("SALES", TeamData.class);
        static final HumanTask<TeamData> LEGAL = new HumanTask<>("LEGAL", TeamData.class);
        static final HumanTask<Map<String, Object>> DOCUMENTS = HumanTask.untyped("DOCUMENTS");
        static final HumanTask<GuaranteeData> CONFIRM_GUARANTEE =
                new HumanTask<>("CONFIRM_GUARANTEE", GuaranteeData.class);
        static final SystemTask<CheckCreditData> CHECK_CREDIT = new SystemTask<>("CHECK_CREDIT", CheckCreditData.class);
        static final SystemTask<CheckCreditData> SCORE = new SystemTask<>("SCORE", CheckCreditData.class);
        static final SystemTask<SignData> SIGN = new SystemTask<>("SIGN", SignData.class);
        static final MessageTask<Map<String, Object>> NOTIFY = new MessageTask<>("NOTIFY");
        static final ThreadTask DISCUSSION = new ThreadTask("DISCUSSION");
    }

    static final class LoanActions {
        static final SignalAction<ChangeAmountInput> CHANGE_AMOUNT =
                new SignalAction<>("CHANGE_AMOUNT", "ChangeAmount", ChangeAmountInput.class);
    }

    record CheckCreditInput(UUID processId, LoanApplicationData loanApplication) {}

    record ScoreInput(UUID processId) {}

    record DecideInput(UUID processId, long score) {}

    record SignInput(UUID processId, KuFlowFile contract) {}

    @ActivityInterface
    interface LoanActivities {
        long countOpenLoans();

        SignData sign(SignInput input);

        CheckCreditData checkCredit(CheckCreditInput input);

        CheckCreditData score(ScoreInput input);

        CheckCreditData decide(DecideInput input);
    }

    static final class LoanActivitiesImpl implements LoanActivities {

        private final KuFlowClient kuflow;

        LoanActivitiesImpl(KuFlowClient kuflow) {
            this.kuflow = kuflow;
        }

        private static void addSignature(Path path) {}

        @Override
        public CheckCreditData checkCredit(CheckCreditInput input) {
            return new CheckCreditData(0);
        }

        @Override
        public CheckCreditData score(ScoreInput input) {
            return new CheckCreditData(0);
        }

        @Override
        public CheckCreditData decide(DecideInput input) {
            return new CheckCreditData(input.score());
        }

        @Override
        public long countOpenLoans() {
            Map<String, ?> filters =
                    Map.of("processDefinitionCodes", List.of("LOAN"), "states", List.of(State.RUNNING));
            return kuflow.findProcesses(filters).metadata().totalElements();
        }

        @Override
        public SignData sign(SignInput input) {
            try {
                Path folder = Files.createTempDirectory("contract-");
                try {
                    Path path = folder.resolve("contract.pdf");
                    kuflow.documents().download(input.contract(), path);
                    addSignature(path);
                    return new SignData(
                            kuflow.documents().upload(path, input.processId(), "contract.pdf", "application/pdf"));
                } finally {
                    FileSystemUtils.deleteRecursively(folder);
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }

    /** The workflow code of the pages. */
    abstract static class LoanWorkflowImpl {

        private final KuFlowProcess kuflow;
        private final LoanActivities activities = KuFlowProcess.activities(LoanActivities.class);
        private long amount;

        @WorkflowInit
        LoanWorkflowImpl(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        WorkflowResponse continueAsNew(WorkflowRequest request, int firstRound) {
            for (int round = firstRound; round < 10_000; round++) {
                kuflow.humanTask(LoanTasks.REVIEW_LOAN);
                if (Workflow.getInfo().isContinueAsNewSuggested()) Workflow.continueAsNew(request, round + 1);
            }
            return new WorkflowResponse("Done");
        }

        void deadline() {
            ApproveLoanData decision = kuflow.humanTask(
                    LoanTasks.APPROVE_LOAN,
                    options -> options.deadline(
                            Duration.ofDays(3), // or an Instant
                            task -> task.assign(Owner.ofEmail("manager@example.com"))));
            LOG.info("{}", decision);
        }

        void handle(LoanApplicationData application) {
            TaskHandle<ReviewData> task = kuflow.openTask(LoanTasks.REVIEW); // does not wait
            task.log("Please look at the second page", LogLevel.INFO);
            task.assign(Owner.ofId(application.reviewer().id()));
            ReviewData review = task.done().get(); // throws TaskCancelled
            LOG.info("{}", review);
        }

        void firstResponse() {
            List<Promise<TeamData>> answers = new ArrayList<>();
            CancellationScope scope = Workflow.newCancellationScope(() -> {
                answers.add(kuflow.openTask(LoanTasks.SALES).done());
                answers.add(kuflow.openTask(LoanTasks.LEGAL).done());
            });
            scope.run();
            TeamData first = Promise.anyOf(answers).get();
            scope.cancel(); // cancels the other task
            Workflow.await(() -> answers.stream().allMatch(Promise::isCompleted)); // waits until KuFlow has canceled it
            LOG.info("{}", first);
        }

        void both() {
            BothTeams both = KuFlowProcess.all(
                    () -> kuflow.humanTask(LoanTasks.SALES), () -> kuflow.humanTask(LoanTasks.LEGAL), BothTeams::new);
            LOG.info("{}", both);
        }

        void systemTask(UUID processId, LoanApplicationData loanApplication) {
            kuflow.systemTask(
                    LoanTasks.CHECK_CREDIT, activities::checkCredit, new CheckCreditInput(processId, loanApplication));
            kuflow.systemTask(LoanTasks.SCORE, activities::score, new ScoreInput(processId));
            LOG.info("Credit checked");
        }

        void severalActivities(UUID processId) {
            SystemTaskHandle<CheckCreditData> task = kuflow.openTask(LoanTasks.CHECK_CREDIT);
            task.complete(() -> {
                long score = activities.score(new ScoreInput(processId)).score();
                return activities.decide(new DecideInput(processId, score));
            });
        }

        void rejection(LoanApplicationData application) {
            try {
                KuFlowProcess.failOnRejection(() -> kuflow.humanTask(
                        LoanTasks.APPROVE_LOAN, options -> options.owner(Owner.ofEmail(application.email()))));
            } catch (CallRejected rejected) {
                LOG.warn("Rejected with status {}", rejected.status());
            }
        }

        void transfer(UUID processId, KuFlowFile contract) {
            LoanActivities transfers = KuFlowProcess.transferActivities(LoanActivities.class);
            kuflow.systemTask(LoanTasks.SIGN, transfers::sign, new SignInput(processId, contract));
        }

        LoanApplicationData repeat() {
            LoanApplicationData application = kuflow.humanTask(LoanTasks.LOAN_APPLICATION);
            ApproveLoanData decision = kuflow.humanTask(LoanTasks.APPROVE_LOAN);
            for (int round = 1; !decision.approved() && round < 3; round++) {
                LoanApplicationData entered = application;
                application = kuflow.humanTask(LoanTasks.LOAN_APPLICATION, options -> options.data(entered));
                decision = kuflow.humanTask(LoanTasks.APPROVE_LOAN);
            }
            return application;
        }

        void together(List<String> guarantors) {
            List<GuaranteeData> guarantees = KuFlowProcess.all(guarantors.stream()
                    .<Supplier<GuaranteeData>>map(email -> () -> kuflow.humanTask(
                            LoanTasks.CONFIRM_GUARANTEE, options -> options.owner(Owner.ofEmail(email))))
                    .toList());
            LOG.info("{}", guarantees);
        }

        void withoutThoseCanceled(List<String> guarantors) {
            List<Promise<Optional<GuaranteeData>>> guarantees = guarantors.stream()
                    .map(email -> Async.function(() -> ask(email)))
                    .toList();
            Promise.allOf(guarantees).get();
        }

        private Optional<GuaranteeData> ask(String email) {
            try {
                return Optional.of(
                        kuflow.humanTask(LoanTasks.CONFIRM_GUARANTEE, options -> options.owner(Owner.ofEmail(email))));
            } catch (TaskCancelled canceled) {
                return Optional.empty();
            }
        }

        void otherPages(UUID processId) {
            kuflow.onAction(LoanActions.CHANGE_AMOUNT, input -> {
                amount = input.amount();
            });

            ReviewData data = kuflow.humanTask(LoanTasks.REVIEW); // waits for a person, returns typed data
            kuflow.systemTask(LoanTasks.SCORE, activities::score, new ScoreInput(processId)); // done by this worker
            kuflow.message(LoanTasks.NOTIFY, "Done"); // does not wait
            kuflow.thread(LoanTasks.DISCUSSION); // does not wait

            int version = Workflow.getVersion("ask-for-documents", Workflow.DEFAULT_VERSION, 1);
            if (version == 1) {
                kuflow.humanTask(LoanTasks.DOCUMENTS); // only for processes that reach this point after the change
            }
            // processes that already passed this point continue without it

            Workflow.getVersion("ask-for-documents", 1, 1);
            kuflow.humanTask(LoanTasks.DOCUMENTS);
            LOG.info("{} {}", data, amount);
        }
    }

    static final class WorkerApplication {}

    /** The tests of the pages. */
    static final class Tests {

        void workflowTest() {
            Person person = (code, logs) ->
                    Person.enter(code.equals("APPROVE_LOAN") ? Map.of("approved", false) : SAMPLE.answerTo(code));
            try (FakeKuFlow kuflow = new FakeKuFlow(person, SAMPLE.metadata());
                    ProcessRun run =
                            ProcessRun.start(LoanWorkflowImpl.class, kuflow, new LoanActivitiesImpl(kuflow.client()))) {
                run.result();
                assertThat(kuflow.items())
                        .last()
                        .extracting(item -> item.message().text())
                        .isEqualTo("Your loan was not approved");
            }
        }

        @RegisterExtension
        static final LocalKuFlow kuflow = new LocalKuFlow(WorkerApplication.class);

        @Test
        void approvesLoan() {
            LocalProcess loan = kuflow.start("LOAN");
            loan.task("LOAN_APPLICATION")
                    .complete(Map.of("firstName", "Ada", "lastName", "Lovelace", "currency", "EUR", "amount", 60_000));
            loan.task("APPROVE_LOAN").complete(Map.of("approved", true));
            loan.waitFor(State.COMPLETED);
        }
    }
}
