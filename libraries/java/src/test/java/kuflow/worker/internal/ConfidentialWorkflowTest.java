package kuflow.worker.internal;

import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpHandler;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityOptions;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowFailedException;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.WorkflowStub;
import io.temporal.common.RetryOptions;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.RawValue;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import io.temporal.workflow.ChildWorkflowOptions;
import io.temporal.workflow.ChildWorkflowStub;
import io.temporal.workflow.Promise;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.UpdateMethod;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import kuflow.worker.workflow.KuFlowProcess;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("a confidential workflow")
class ConfidentialWorkflowTest {

    private static final String KEY_ID = "key/1";
    private static final HttpHandler KEY = responds(
            200,
            "{\"id\": \"key/1\", \"value\": \"%s\"}"
                    .formatted(Base64.getEncoder().encodeToString(new byte[32])));

    @ActivityInterface
    public interface Activities {

        String echo(String text);

        void nothing(@Nullable String text);

        byte[] bytes(byte[] input);

        String later(String text);
    }

    private static final class ActivitiesImpl implements Activities {

        @Override
        public String echo(String text) {
            return text;
        }

        @Override
        public void nothing(@Nullable String text) {
            if (text != null) {
                throw new IllegalArgumentException("expected null");
            }
        }

        @Override
        public byte[] bytes(byte[] input) {
            return input;
        }

        @Override
        public String later(String text) {
            Activity.getExecutionContext().useLocalManualCompletion().complete(text);
            return text;
        }
    }

    @WorkflowInterface
    public interface Parent {

        @WorkflowMethod
        String run(String text, int round);

        @SignalMethod
        void note(String text);

        @QueryMethod
        List<String> notes();

        @UpdateMethod
        String change(String text);
    }

    @WorkflowInterface
    public interface Child {

        @WorkflowMethod
        String wait(String text);

        @SignalMethod
        void go(String text);
    }

    public static class ParentImpl implements Parent {

        private final Activities activities = KuFlowProcess.activities(Activities.class);
        private final Activities local = Workflow.newLocalActivityStub(
                Activities.class,
                LocalActivityOptions.newBuilder()
                        .setStartToCloseTimeout(Duration.ofMinutes(1))
                        .build());
        private final List<String> notes = new ArrayList<>();

        @Override
        public String run(String text, int round) {
            if (round == 1) {
                return text;
            }
            activities.nothing(null);
            byte[] bytes = activities.bytes(new byte[] {0, -1, 7});
            String id = Workflow.getInfo().getWorkflowId() + "-child";
            ChildWorkflowStub child = Workflow.newUntypedChildWorkflowStub(
                    "Child", ChildWorkflowOptions.newBuilder().setWorkflowId(id).build());
            Promise<String> result = child.executeAsync(String.class, activities.echo(local.echo(text)));
            child.getExecution().get();
            Workflow.newExternalWorkflowStub(Child.class, id).go(text);
            String changed = result.get() + bytes.length + bytes[1];
            Workflow.await(() -> notes.size() == 2);
            return Workflow.newContinueAsNewStub(Parent.class).run(changed, 1);
        }

        /** Runs before the workflow method if the signal arrives first. */
        @Override
        public void note(String text) {
            notes.add(activities.echo(text));
        }

        @Override
        public List<String> notes() {
            return notes;
        }

        @Override
        public String change(String text) {
            notes.add(text);
            return text;
        }
    }

    public static class ChildImpl implements Child {

        private @Nullable String signaled;

        @Override
        public String wait(String text) {
            Workflow.await(() -> signaled != null);
            return text.equals(signaled) ? text : "different";
        }

        @Override
        public void go(String text) {
            signaled = text;
        }
    }

    @WorkflowInterface
    public interface Step {

        @WorkflowMethod
        String step(String text);
    }

    public static class StepImpl implements Step {

        @Override
        public String step(String text) {
            Activities activities = Workflow.newActivityStub(
                    Activities.class,
                    ActivityOptions.newBuilder()
                            .setStartToCloseTimeout(Duration.ofMinutes(1))
                            .setRetryOptions(RetryOptions.newBuilder()
                                    .setMaximumAttempts(1)
                                    .build())
                            .build());
            return text.startsWith("later") ? activities.later(text) : activities.echo(text);
        }
    }

    @WorkflowInterface
    public interface Catching {

        @WorkflowMethod
        String catching();
    }

    public static class CatchingImpl implements Catching {

        @Override
        public String catching() {
            try {
                return KuFlowProcess.activities(Activities.class).echo("text");
            } catch (RuntimeException failed) {
                return "caught";
            }
        }
    }

    private final LoopbackServer kuflow = new LoopbackServer();
    private final DataConverter converter = Payloads.converter(
            10_000,
            new EncryptionKeys(
                    new RestClient(TestSettings.of(kuflow.endpoint()), new WorkerMetrics(new SimpleMeterRegistry()))));
    private final TestWorkflowEnvironment environment =
            TestWorkflowEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                    .setWorkflowClientOptions(optionsWith(converter, null))
                    .setWorkerFactoryOptions(WorkerFactoryOptions.newBuilder()
                            .setWorkerInterceptors(new KuFlowInterceptor())
                            .build())
                    .build());

    ConfidentialWorkflowTest() {
        Worker worker = environment.newWorker(
                "Q",
                WorkerOptions.newBuilder()
                        .setDefaultDeadlockDetectionTimeout(EncryptionKeys.DEADLOCK_TIMEOUT.toMillis())
                        .build());
        worker.registerWorkflowImplementationTypes(
                ParentImpl.class, ChildImpl.class, StepImpl.class, CatchingImpl.class);
        worker.registerActivitiesImplementations(new ActivitiesImpl());
        kuflow.on("GET /kms/keys/key%2F1", KEY);
    }

    @AfterEach
    void stop() {
        environment.close();
        kuflow.close();
    }

    private static Function<String, SecretKey> keyOf(int number) {
        byte[] key = new byte[32];
        key[0] = (byte) number;
        return id -> new SecretKeySpec(key, "AES");
    }

    private static WorkflowClientOptions optionsWith(DataConverter converter, @Nullable String keyId) {
        return WorkflowClientOptions.newBuilder()
                .setDataConverter(converter)
                .setContextPropagators(List.of(new StartHeader()))
                .setInterceptors(new ClientInterceptor(keyId))
                .build();
    }

    /** A client that starts and signals workflows as KuFlow does, with its own key. */
    private WorkflowClient client(@Nullable String keyId, int key) {
        return WorkflowClient.newInstance(
                environment.getWorkflowServiceStubs(), optionsWith(Payloads.converter(10_000, keyOf(key)), keyId));
    }

    private WorkflowStub start(@Nullable String keyId, int key, String type, Object... arguments) {
        WorkflowStub workflow = client(keyId, key)
                .newUntypedWorkflowStub(
                        type, WorkflowOptions.newBuilder().setTaskQueue("Q").build());
        workflow.start(arguments);
        return workflow;
    }

    private List<HistoryEvent> events(WorkflowStub workflow) {
        return environment
                .getWorkflowClient()
                .fetchHistory(
                        workflow.getExecution().getWorkflowId(),
                        workflow.getExecution().getRunId())
                .getHistory()
                .getEventsList();
    }

    private void awaitFailure(WorkflowStub workflow, String reason) {
        await().atMost(Duration.ofSeconds(60))
                .until(() -> events(workflow).stream()
                        .filter(HistoryEvent::hasWorkflowTaskFailedEventAttributes)
                        .anyMatch(event -> event.toString().contains(reason)));
    }

    private static String result(WorkflowStub workflow) throws Exception {
        return workflow.getResult(60, TimeUnit.SECONDS, String.class);
    }

    /** Sends everything that a workflow can send. Returns what Temporal stored, and the result of a query. */
    private String runParent(String text, @Nullable String keyId) throws Exception {
        WorkflowStub parent = start(keyId, 0, "Parent", text, 0);
        parent.signal("note", text);
        environment.start();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> parent.query("notes", List.class).equals(List.of(text)));
        WorkflowStub asStored = WorkflowClient.newInstance(
                        environment.getWorkflowServiceStubs(), optionsWith(Payloads.PLAIN, null))
                .newUntypedWorkflowStub(parent.getExecution().getWorkflowId());
        Payload notes = asStored.query("notes", RawValue.class).getPayload();
        assertThat(parent.update("change", String.class, Encryption.mark(text, keyId)))
                .isEqualTo(text);
        assertThat(result(parent)).isEqualTo(text + "3-1");
        String id = parent.getExecution().getWorkflowId();
        return events(parent).toString()
                + environment.getWorkflowClient().fetchHistory(id).getHistory()
                + environment.getWorkflowClient().fetchHistory(id + "-child").getHistory()
                + notes;
    }

    @Test
    @DisplayName("sends nothing in plain text, and shares its worker with ordinary workflows")
    void everything() throws Exception {
        // The worker has not started yet, so that the signal comes before the workflow runs.
        assertThat(runParent("SECRET-CANARY", KEY_ID))
                .contains("AES-256-GCM:")
                .doesNotContain("SECRET-CANARY")
                .doesNotContain("\"binary/null\"");
        assertThat(kuflow.calls()).containsOnly("GET /kms/keys/key%2F1");
        int requests = kuflow.calls().size();

        assertThat(runParent("PLAIN-CANARY", null)).contains("PLAIN-CANARY").doesNotContain("AES-256-GCM:");
        assertThat(kuflow.calls()).hasSize(requests);
    }

    @ParameterizedTest
    @CsvSource({"Step, text", "Catching,"})
    @DisplayName("waits and reports the reason while its key cannot be read, and then continues")
    void failingKey(String type, @Nullable String argument) throws Exception {
        AtomicInteger requests = new AtomicInteger();
        kuflow.on(
                "GET /kms/keys/key%2F1",
                exchange -> (requests.incrementAndGet() <= 3 ? responds(503, "{}") : KEY).handle(exchange));
        environment.start();
        WorkflowStub workflow = start(KEY_ID, 0, type, argument == null ? new Object[] {} : new Object[] {argument});

        assertThat(result(workflow)).isEqualTo("text");
        assertThat(requests).hasValueGreaterThanOrEqualTo(4);
        awaitFailure(workflow, "Could not read the encryption key key/1: GET ");
    }

    @Test
    @DisplayName("waits and reports the reason if its key is wrong, or is not named by its start headers")
    void wrongKey() {
        environment.start();
        awaitFailure(
                start(KEY_ID, 1, "Step", "text"), "with the key key/1: it is damaged, or encrypted with another key");
        awaitFailure(start("", 0, "Step", "text"), "the header x-kuflow-encoding-encrypted-key-id does not name a key");
    }

    @Test
    @DisplayName("is limited by the encrypted size of its payloads")
    void size() throws Exception {
        environment.start();
        String text = "x".repeat(7_450);
        assertThat(result(start(null, 0, "Step", text))).isEqualTo(text);
        awaitFailure(start(KEY_ID, 0, "Step", text), "the input of activity Echo is 10");
    }

    @Test
    @DisplayName("rejects activities that another thread completes, because nothing would encrypt their results")
    void manualCompletion() throws Exception {
        environment.start();
        assertThat(result(start(null, 0, "Step", "later"))).isEqualTo("later");

        WorkflowStub confidential = start(KEY_ID, 0, "Step", "later");
        assertThatThrownBy(() -> result(confidential))
                .isInstanceOf(WorkflowFailedException.class)
                .hasRootCauseMessage(
                        "message='An activity of a confidential process must return its result. It cannot be completed later', "
                                + "type='java.lang.IllegalStateException', nonRetryable=false");
    }
}
