package kuflow.worker.testing;

import com.fasterxml.jackson.databind.JsonNode;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptorBase;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.testing.WorkflowReplayer;
import io.temporal.worker.WorkerFactoryOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import kuflow.worker.internal.payload.EncryptionInterceptor;
import kuflow.worker.internal.payload.Payloads;
import kuflow.worker.internal.payload.StartHeader;
import kuflow.worker.internal.workflow.WorkflowInterceptor;
import org.junit.jupiter.api.DynamicTest;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/** Replays histories with the current workflow code. */
public final class Replay {

    private static final String CREATE_ITEM = "KuFlow_Engine_CreateProcessItem";

    /** Reads clear text, and what {@link ProcessRun} encrypts. */
    private static final DataConverter CONVERTER = Payloads.converter(Integer.MAX_VALUE, FakeKuFlow::key);

    private Replay() {}

    /** An item of a process, as workflow code creates it. */
    private record Item(String type, String code) {

        @Override
        public String toString() {
            return type + " " + code;
        }
    }

    /**
     * Tests for all histories in {@code src/test/resources/histories}: each is replayed with the workflows in the package of the
     * application class and below.
     */
    public static Stream<DynamicTest> recordedHistories(Class<?> application) throws IOException {
        Resource[] histories = new PathMatchingResourcePatternResolver().getResources("classpath:histories/*.json");
        if (histories.length == 0) {
            return Stream.of(DynamicTest.dynamicTest(
                    "(none yet; save one with: ./kuflow dev history <process-id> > src/test/resources/histories/<name>.json)",
                    () -> {}));
        }
        Class<?>[] workflows = WorkflowCode.of(application).workflows();
        return Stream.of(histories)
                .map(history -> DynamicTest.dynamicTest(history.getFilename(), () -> replayFile(history, workflows)));
    }

    private static void replayFile(Resource history, Class<?>... workflows) {
        try {
            replay(WorkflowExecutionHistory.fromJson(history.getContentAsString(StandardCharsets.UTF_8)), workflows);
        } catch (Exception | AssertionError failure) {
            throw new AssertionError(history.getFilename() + ": " + failure.getMessage(), failure);
        }
    }

    /**
     * Replays a history. Fails if the code calls other activities, or creates other items than the history has: Temporal itself
     * compares only the names of activities, and every item is created by the same one.
     */
    public static void replay(WorkflowExecutionHistory history, Class<?>... workflows) throws Exception {
        ItemRecorder recorder = new ItemRecorder();
        Exception failure = null;
        // Temporal's functions without an environment use another converter.
        try (TestWorkflowEnvironment environment =
                TestWorkflowEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                        .setWorkflowClientOptions(WorkflowClientOptions.newBuilder()
                                .setDataConverter(CONVERTER)
                                .setContextPropagators(List.of(new StartHeader()))
                                .build())
                        .setWorkerFactoryOptions(WorkerFactoryOptions.newBuilder()
                                .setWorkerInterceptors(new WorkflowInterceptor(), recorder, new EncryptionInterceptor())
                                .build())
                        .build())) {
            WorkflowReplayer.replayWorkflowExecution(
                    history,
                    environment,
                    workflows[0],
                    List.of(workflows).subList(1, workflows.length).toArray(Class<?>[]::new));
        } catch (Exception failed) {
            failure = failed;
        }
        int number = 0;
        for (Map.Entry<String, Item> recorded : itemsIn(history).entrySet()) {
            number++;
            Item now = recorder.created.get(recorded.getKey());
            // A replay that failed may have ended before it created the item.
            if (recorded.getValue().equals(now) || (now == null && failure != null)) {
                continue;
            }
            throw new AssertionError(
                    "Item %d of the process is %s in the history, but the workflow code %s"
                            .formatted(
                                    number,
                                    recorded.getValue(),
                                    now == null ? "does not create it with the same ID" : "creates " + now),
                    failure);
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** The items that the history creates, in order, by ID. */
    private static Map<String, Item> itemsIn(WorkflowExecutionHistory history) {
        Map<String, Item> items = new LinkedHashMap<>();
        history.getHistory().getEventsList().stream()
                .filter(event -> event.hasActivityTaskScheduledEventAttributes())
                .map(event -> event.getActivityTaskScheduledEventAttributes())
                .filter(scheduled -> scheduled.getActivityType().getName().equals(CREATE_ITEM))
                .map(scheduled ->
                        CONVERTER.fromPayloads(0, Optional.of(scheduled.getInput()), JsonNode.class, JsonNode.class))
                .forEach(item -> items.put(
                        item.path("id").asText(),
                        new Item(
                                item.path("type").asText(),
                                item.path("processItemDefinitionCode").asText())));
        return items;
    }

    /** Remembers the items that workflow code creates. */
    private static final class ItemRecorder extends WorkerInterceptorBase {

        /** By ID: an item that is canceled in the workflow task that creates it is not part of the history. */
        private final Map<String, Item> created = new HashMap<>();

        @Override
        public WorkflowInboundCallsInterceptor interceptWorkflow(WorkflowInboundCallsInterceptor next) {
            return new WorkflowInboundCallsInterceptorBase(next) {
                @Override
                public void init(WorkflowOutboundCallsInterceptor outboundCalls) {
                    super.init(new Outbound(outboundCalls));
                }
            };
        }

        private final class Outbound extends WorkflowOutboundCallsInterceptorBase {

            Outbound(WorkflowOutboundCallsInterceptor next) {
                super(next);
            }

            @Override
            public <R> ActivityOutput<R> executeActivity(ActivityInput<R> input) {
                if (input.getActivityName().equals(CREATE_ITEM) && input.getArgs()[0] instanceof Map<?, ?> item) {
                    created.put(
                            String.valueOf(item.get("id")),
                            new Item(
                                    String.valueOf(item.get("type")),
                                    String.valueOf(item.get("processItemDefinitionCode"))));
                }
                return super.executeActivity(input);
            }
        }
    }
}
