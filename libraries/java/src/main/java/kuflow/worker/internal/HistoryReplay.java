package kuflow.worker.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptorBase;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Replays histories with the current workflow code, one after the other. A history does not match if the code calls other activities, or
 * creates other items than the history has: Temporal itself compares only the names of activities, and every item is created by the same
 * one.
 */
public final class HistoryReplay implements AutoCloseable {

    private static final String CREATE_ITEM = "KuFlow_Engine_CreateProcessItem";

    /** A busy machine is not a deadlock. */
    private static final Duration DEADLOCK_TIMEOUT = Duration.ofMinutes(1);

    private final DataConverter converter;
    private final Server engine;
    private final WorkflowServiceStubs stubs;
    private final Worker worker;

    /** By ID: an item that is canceled in the workflow task that creates it is not part of the history. */
    private final Map<String, Item> created = new ConcurrentHashMap<>();

    private record Item(String id, String type, String code) {

        @Override
        public String toString() {
            return type + " " + code;
        }
    }

    /**
     * How the workflow code and a history fit together.
     *
     * @param failure why they do not match
     * @param lastItem the last item that both have, such as {@code item 2, TASK REVIEW}
     */
    public record Result(
            @Nullable Throwable failure, @Nullable String lastItem) {}

    /** The workflow code creates other items than the history has. The message contains no data of the process. */
    static final class ItemsDiffer extends AssertionError {

        private static final long serialVersionUID = 1L;

        ItemsDiffer(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    public HistoryReplay(DataConverter converter, List<Class<?>> workflows) throws IOException {
        this.converter = converter;
        String name = InProcessServerBuilder.generateName();
        this.engine = InProcessServerBuilder.forName(name)
                .addService(new NoEngine())
                .build()
                .start();
        this.stubs = WorkflowServiceStubs.newServiceStubs(WorkflowServiceStubsOptions.newBuilder()
                .setChannel(InProcessChannelBuilder.forName(name).build())
                .build());
        WorkflowClient client = WorkflowClient.newInstance(
                stubs,
                WorkflowClientOptions.newBuilder()
                        .setDataConverter(converter)
                        .setContextPropagators(List.of(new StartHeader()))
                        .build());
        WorkerFactory factory = WorkerFactory.newInstance(
                client,
                WorkerFactoryOptions.newBuilder()
                        .setWorkerInterceptors(new ItemRecorder(), new KuFlowInterceptor())
                        .build());
        this.worker = factory.newWorker(
                "replay",
                WorkerOptions.newBuilder()
                        .setDefaultDeadlockDetectionTimeout(DEADLOCK_TIMEOUT.toMillis())
                        .build());
        worker.registerWorkflowImplementationTypes(workflows.toArray(Class<?>[]::new));
    }

    public Result replay(WorkflowExecutionHistory history) {
        created.clear();
        Throwable failure = null;
        try {
            worker.replayWorkflowExecution(history);
        } catch (Exception | Error failed) {
            failure = failed;
        }
        try {
            List<Item> recorded = itemsIn(history);
            ItemsDiffer difference = compare(recorded, failure);
            return new Result(difference == null ? failure : difference, lastCommonItem(recorded));
        } catch (EncryptionError unreadable) {
            return new Result(unreadable, null);
        }
    }

    private @Nullable ItemsDiffer compare(List<Item> recorded, @Nullable Throwable failure) {
        for (int number = 1; number <= recorded.size(); number++) {
            Item before = recorded.get(number - 1);
            Item now = created.get(before.id());
            // A replay that failed may have ended before it created the item.
            if (before.equals(now) || (now == null && failure != null)) {
                continue;
            }
            String what = now == null ? "does not create it with the same ID" : "creates " + now;
            return new ItemsDiffer(
                    "Item %d of the process is %s in the history, but the workflow code %s"
                            .formatted(number, before, what),
                    failure);
        }
        return null;
    }

    private @Nullable String lastCommonItem(List<Item> recorded) {
        for (int number = recorded.size(); number > 0; number--) {
            Item item = recorded.get(number - 1);
            if (created.containsKey(item.id())) {
                return "item %d, %s".formatted(number, item);
            }
        }
        return null;
    }

    @Override
    public void close() {
        stubs.shutdownNow();
        stubs.getRawChannel().shutdownNow();
        engine.shutdownNow();
    }

    /** The items that the history creates, in order. */
    private List<Item> itemsIn(WorkflowExecutionHistory history) {
        return history.getHistory().getEventsList().stream()
                .map(HistoryEvent::getActivityTaskScheduledEventAttributes)
                .filter(scheduled -> scheduled.getActivityType().getName().equals(CREATE_ITEM))
                .map(scheduled ->
                        converter.fromPayloads(0, Optional.of(scheduled.getInput()), JsonNode.class, JsonNode.class))
                .map(item -> new Item(
                        item.path("id").asText(),
                        item.path("type").asText(),
                        item.path("processItemDefinitionCode").asText()))
                .toList();
    }

    /** Remembers the items that workflow code creates. */
    private final class ItemRecorder extends WorkerInterceptorBase {

        @Override
        public WorkflowInboundCallsInterceptor interceptWorkflow(WorkflowInboundCallsInterceptor next) {
            return new WorkflowInboundCallsInterceptorBase(next) {
                @Override
                public void init(WorkflowOutboundCallsInterceptor outboundCalls) {
                    super.init(new WorkflowOutboundCallsInterceptorBase(outboundCalls) {
                        @Override
                        public <R> ActivityOutput<R> executeActivity(ActivityInput<R> input) {
                            remember(input.getActivityName(), input.getArgs());
                            return super.executeActivity(input);
                        }
                    });
                }
            };
        }

        private void remember(String activity, Object[] arguments) {
            if (activity.equals(CREATE_ITEM) && arguments[0] instanceof Map<?, ?> fields) {
                Item item = new Item(
                        String.valueOf(fields.get("id")),
                        String.valueOf(fields.get("type")),
                        String.valueOf(fields.get("processItemDefinitionCode")));
                created.put(item.id(), item);
            }
        }
    }
}
