package kuflow.worker.workflow;

import static kuflow.worker.workflow.Trial.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.workflow.WorkflowInit;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import kuflow.worker.internal.KuFlowJson;
import kuflow.worker.internal.ReplayInput;
import kuflow.worker.internal.SettingsLoader;
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
    @DisplayName("has a replayable history that does not show what people enter")
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

    /** Fails after its first items, with data of the process in the message. */
    public static class BrokenWorkflow extends AccountWorkflow {

        @WorkflowInit
        public BrokenWorkflow(WorkflowRequest request) {
            super(request);
        }

        @Override
        MessageTask<Void> result() {
            throw new IllegalArgumentException("no account '" + CANARY + "'");
        }
    }

    @Test
    @DisplayName(
            "is replayed from standard input with the key that KuFlow returns, and no data of a process is printed")
    void standardInput() throws IOException {
        Trial.Activities activities = text -> new Trial.Check(text + "!");
        ByteArrayOutputStream histories = new ByteArrayOutputStream();
        try (FakeKuFlow kuflow = new FakeKuFlow(PERSON);
                ProcessRun run = ProcessRun.start(AccountWorkflow.class, kuflow, activities)) {
            run.result();
            write(run, histories);
            write(run, histories);
        }
        try (FakeKuFlow kuflow = new FakeKuFlow(PERSON);
                ProcessRun run = ProcessRun.startConfidential(AccountWorkflow.class, kuflow, activities)) {
            run.result();
            write(run, histories);
        }
        String renamed = "mismatch: Item \\d of the process is MESSAGE RESULT in the history, but the workflow code"
                + " creates MESSAGE RENAMED";
        String broken = "mismatch: After item \\d, [A-Z]+ [A-Z]+, the workflow code fails at"
                + " ConfidentialProcessTest.java:\\d+: IllegalArgumentException: no account …";
        String unreadable =
                "unreadable: Could not read the encryption key [\\w-]+: kuflow\\.api\\.client-id [^\\u0000]+";
        assertThat(resultsOf(AccountWorkflow.class, histories))
                .matches(String.join("\n", "match: null", "match: null", unreadable));
        assertThat(resultsOf(RenamedWorkflow.class, histories))
                .matches(String.join("\n", renamed, renamed, unreadable));
        assertThat(resultsOf(BrokenWorkflow.class, histories)).matches(String.join("\n", broken, broken, unreadable));
    }

    private static String resultsOf(Class<?> workflow, ByteArrayOutputStream histories) throws IOException {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ReplayInput.run(
                // No settings are set.
                () -> SettingsLoader.load(Path.of("no-such-folder"), Map.of()),
                List.of(workflow),
                "kuflow.worker.workflow",
                new ByteArrayInputStream(histories.toByteArray()),
                new PrintStream(output, true, StandardCharsets.UTF_8));
        assertThat(output.toString(StandardCharsets.UTF_8)).doesNotContain(CANARY);
        return output.toString(StandardCharsets.UTF_8)
                .lines()
                .map(line -> KuFlowJson.mapper().convertValue(read(line), new TypeReference<Map<String, String>>() {}))
                .map(result -> result.get("outcome") + ": " + result.get("reason"))
                .collect(Collectors.joining("\n"));
    }

    private static JsonNode read(String line) {
        assertThat(line).startsWith("kuflow-replay ");
        try {
            return KuFlowJson.mapper().readTree(line.substring("kuflow-replay ".length()));
        } catch (JsonProcessingException invalid) {
            throw new AssertionError(invalid);
        }
    }

    private static void write(ProcessRun run, ByteArrayOutputStream histories) throws IOException {
        DataOutputStream output = new DataOutputStream(histories);
        byte[] id = run.processId().toString().getBytes(StandardCharsets.UTF_8);
        byte[] history = run.history().getHistory().toByteArray();
        output.writeInt(id.length);
        output.write(id);
        output.writeInt(history.length);
        output.write(history);
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
                    .contains("the result of activity Check is 100", " bytes; the limit is 100000");
        }
    }
}
