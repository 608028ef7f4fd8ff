package kuflow.worker.workflow;

import static kuflow.worker.workflow.Trial.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.workflow.WorkflowInit;
import java.util.Map;
import kuflow.worker.testing.FakeKuFlow;
import kuflow.worker.testing.Person;
import kuflow.worker.testing.ProcessRun;
import kuflow.worker.testing.Replay;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("a confidential process")
class ConfidentialProcessTest {

    private static final String CANARY = "ES91-2100-0418-4502";
    private static final Person PERSON = Person.entering(Map.of("SECOND", Map.of("account", CANARY)));

    public static class AccountWorkflow implements Trial {

        private final KuFlowProcess kuflow;
        private final Trial.Activities activities = KuFlowProcess.activities(Trial.Activities.class);

        @WorkflowInit
        public AccountWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            String account = (String) kuflow.humanTask(SECOND).get("account");
            Check check = activities.check(account);
            kuflow.message(result(), account);
            kuflow.writeMetadata(Map.of("account", account));
            return new WorkflowResponse(String.valueOf(check.score()));
        }

        MessageTask<Void> result() {
            return new MessageTask<>("RESULT");
        }
    }

    public static class RenamedWorkflow extends AccountWorkflow {

        @WorkflowInit
        public RenamedWorkflow(WorkflowRequest request) {
            super(request);
        }

        @Override
        MessageTask<Void> result() {
            return new MessageTask<>("RENAMED");
        }
    }

    @Test
    @DisplayName("does not show what people enter in its history, which can be replayed")
    void history() throws Exception {
        Trial.Activities activities = text -> new Trial.Check(text + "!");
        try (FakeKuFlow kuflow = new FakeKuFlow(PERSON);
                ProcessRun run = ProcessRun.start(AccountWorkflow.class, kuflow, activities)) {
            assertThat(run.result().message()).isEqualTo(CANARY + "!");
            assertThat(run.history().getHistory().toString()).contains(CANARY);
        }
        try (FakeKuFlow kuflow = new FakeKuFlow(PERSON);
                ProcessRun run = ProcessRun.startConfidential(AccountWorkflow.class, kuflow, activities)) {
            assertThat(run.result().message()).isEqualTo(CANARY + "!");
            assertThat(kuflow.metadata()).isEqualTo(Map.of("account", CANARY));
            assertThat(run.history().getHistory().toString()).doesNotContain(CANARY);

            Replay.replay(run.history(), AccountWorkflow.class);
            assertThatThrownBy(() -> Replay.replay(run.history(), RenamedWorkflow.class))
                    .hasMessageEndingWith(
                            "is MESSAGE RESULT in the history, but the workflow code creates MESSAGE RENAMED");
        }
    }

    public static class LargeResultWorkflow implements Trial {

        private final Trial.Activities activities = KuFlowProcess.activities(Trial.Activities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            try {
                activities.check("small");
                return new WorkflowResponse("accepted");
            } catch (ActivityFailure failure) {
                return new WorkflowResponse(((ApplicationFailure) failure.getCause()).getOriginalMessage());
            }
        }
    }

    @Test
    @DisplayName("is limited by the encrypted size of the results of its activities")
    void largeResult() {
        Trial.Activities activities = text -> new Trial.Check("x".repeat(75_000));
        try (FakeKuFlow kuflow = new FakeKuFlow(PERSON);
                ProcessRun run = ProcessRun.start(LargeResultWorkflow.class, kuflow, activities)) {
            assertThat(run.result().message()).isEqualTo("accepted");
        }
        try (FakeKuFlow kuflow = new FakeKuFlow(PERSON);
                ProcessRun run = ProcessRun.startConfidential(LargeResultWorkflow.class, kuflow, activities)) {
            assertThat(run.result().message())
                    .contains("the result of activity Check has 100", " bytes, and 100000 are allowed");
        }
    }
}
