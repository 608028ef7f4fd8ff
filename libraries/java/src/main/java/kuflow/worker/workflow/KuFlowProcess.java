package kuflow.worker.workflow;

import com.fasterxml.jackson.databind.JsonMappingException;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.TemporalFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.KuFlowOperations.CreateProcessItem;
import kuflow.worker.KuFlowOperations.JsonPatchOperation;
import kuflow.worker.KuFlowOperations.JsonValue;
import kuflow.worker.KuFlowOperations.Process;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.KuFlowOperations.ProcessItem.TaskState;
import kuflow.worker.internal.ItemContext;
import kuflow.worker.internal.KuFlowJson;
import kuflow.worker.internal.Rejections;
import kuflow.worker.internal.WorkerActivities;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Gives a workflow access to its process. Create this object in the workflow's constructor so that the workflow receives
 * every signal, even for a task that is completed before the workflow waits for it.
 */
public final class KuFlowProcess {

    private static final Duration REREAD_AFTER = Duration.ofHours(1);
    private static final Duration MAX_REREAD_INTERVAL = Duration.ofHours(12);
    private static final Duration AFTER_SIGNAL = Duration.ofSeconds(5);

    private static final Logger LOGGER = Workflow.getLogger(KuFlowProcess.class);

    private final UUID processId;
    private final Duration rereadAfter;
    private final CancellationScope processScope = CancellationScope.current();
    final KuFlowOperations kuflow = ActivityStubs.kuflow();
    final WorkerActivities worker = ActivityStubs.own(WorkerActivities.class);

    /** Items whose state in KuFlow has changed, or will soon. */
    final Set<UUID> changed = new HashSet<>();

    private final Signals signals = new Signals(changed::add);
    private @Nullable Promise<UUID> application;

    public KuFlowProcess(WorkflowRequest request) {
        this(request, REREAD_AFTER);
    }

    /**
     * @param rereadAfter how long the workflow waits for a human task's completion signal
     *     ({@code KuFlow_Engine_Signal_Process_Item}) before it reads the task's state from KuFlow. The wait doubles after each read, up
     *     to 12 hours. Default: one hour.
     */
    public KuFlowProcess(WorkflowRequest request, Duration rereadAfter) {
        this.processId = request.processId();
        this.rereadAfter = rereadAfter;
    }

    /** KuFlow's activities, one for each method of {@link KuFlowOperations}. They use the same timeouts and retries as {@link #activities}. */
    public static KuFlowOperations kuflowActivities() {
        return ActivityStubs.kuflow();
    }

    /**
     * Your own activities. Each attempt times out after one minute. A failed attempt is retried after one second. The delay doubles
     * after each further failure, up to five minutes. Retries continue until an attempt succeeds or 365 days have passed. For other
     * options, use Temporal's {@code Workflow.newActivityStub}.
     */
    public static <A> A activities(Class<A> activities) {
        return ActivityStubs.own(activities);
    }

    /**
     * Your own activities that transfer documents. Each attempt can take up to ten minutes, and fails after one minute
     * without a heartbeat.
     */
    public static <A> A transferActivities(Class<A> activities) {
        return ActivityStubs.transfer(activities);
    }

    /**
     * If KuFlow rejects a call within {@code work} with a 4xx status other than 401, 403, 408 or 429, the call throws
     * {@link CallRejected} instead of being retried. This includes calls to KuFlow from your own activities.
     */
    public static <R> R failOnRejection(Supplier<R> work) {
        return Rejections.failing(work);
    }

    /** Like {@link #failOnRejection(Supplier)}, but for work without a result. */
    public static void failOnRejection(Runnable work) {
        Rejections.failing(() -> {
            work.run();
            return true;
        });
    }

    /**
     * Runs all calls concurrently, and returns their results in order.
     *
     * <p>If a call fails, for example because its task is canceled in KuFlow, the other calls are canceled, both in the workflow and in
     * KuFlow. The method then throws the exception from the call that failed.
     */
    @SafeVarargs
    public static <R> List<R> all(Supplier<? extends R>... calls) {
        List<Promise<R>> results = new ArrayList<>();
        CancellationScope scope = Workflow.newCancellationScope(() -> {
            for (Supplier<? extends R> call : calls) {
                results.add(Async.function(call::get));
            }
        });
        scope.run();
        try {
            Promise.allOf(results).get();
        } catch (TemporalFailure | TaskCancelled | CallRejected failed) {
            scope.cancel();
            Workflow.newDetachedCancellationScope(
                            () -> Workflow.await(() -> results.stream().allMatch(Promise::isCompleted)))
                    .run();
            throw failed;
        }
        return results.stream().map(Promise::get).toList();
    }

    /** Like {@link #all(Supplier[])}, but for a list of calls. */
    @SuppressWarnings("unchecked")
    public static <R> List<R> all(List<? extends Supplier<? extends R>> calls) {
        return all(calls.toArray(Supplier[]::new));
    }

    /** Like {@link #all(Supplier[])}, but for two calls whose results have different types. Passes both results to {@code combine}. */
    public static <A, B, R> R all(Supplier<A> first, Supplier<B> second, BiFunction<A, B, R> combine) {
        List<Object> results = KuFlowProcess.<Object>all(List.of(first, second));
        @SuppressWarnings("unchecked")
        R combined = combine.apply((A) results.get(0), (B) results.get(1));
        return combined;
    }

    /**
     * Creates the task, waits until a person completes it, and returns its data.
     *
     * @throws TaskCancelled if the task is canceled. If the whole process is canceled, throws Temporal's
     *     {@code CanceledFailure}, or an exception with a {@code CanceledFailure} as its cause.
     */
    public <D> D humanTask(HumanTask<D> task) {
        return openTask(task).done().get();
    }

    /**
     * Creates the task, waits until a person completes it, and returns its data.
     *
     * @throws TaskCancelled if the task is canceled. If the whole process is canceled, throws Temporal's
     *     {@code CanceledFailure}, or an exception with a {@code CanceledFailure} as its cause.
     */
    public <D> D humanTask(HumanTask<D> task, Consumer<HumanTask.Options<D>> options) {
        HumanTask.Options<D> chosen = optionsOf(options);
        if (chosen.deadline == null) {
            return openTask(task, chosen).done().get();
        }
        requireFuture(chosen.deadline, task.code());
        TaskHandle<D> handle = openTask(task, chosen);
        if (!isDoneBefore(chosen.deadline, handle.done())) {
            callWhileOpen(handle, chosen.onDeadline);
        }
        return handle.done().get();
    }

    /** Creates the task without waiting for its completion. */
    public <D> TaskHandle<D> openTask(HumanTask<D> task) {
        return openTask(task, new HumanTask.Options<>());
    }

    /** Creates the task without waiting for its completion. {@code options} cannot set a deadline. */
    public <D> TaskHandle<D> openTask(HumanTask<D> task, Consumer<HumanTask.Options<D>> options) {
        HumanTask.Options<D> chosen = optionsOf(options);
        if (chosen.deadline != null) {
            throw new IllegalArgumentException("Only humanTask has a deadline");
        }
        return openTask(task, chosen);
    }

    /** Creates the task with the application as its owner. Does not wait for the task to be completed. */
    public <D> SystemTaskHandle<D> openTask(SystemTask<D> task) {
        return openSystemTask(task, null);
    }

    /** Creates the task with the application as its owner. Does not wait for the task to be completed. */
    public <D> SystemTaskHandle<D> openTask(SystemTask<D> task, Object contextData) {
        return openSystemTask(task, contextData);
    }

    /**
     * Creates the task with the application as its owner, runs the activity, saves the data that it returns, and completes the
     * task. If the data does not match the schema, the activity fails and is retried until you fix its code.
     */
    public <D, I> D systemTask(SystemTask<D> task, Function<I, D> activity, I input) {
        return openSystemTask(task, null).complete(() -> activity.apply(input), true);
    }

    /** Like {@link #systemTask(SystemTask, Function, Object)}, but with context data, which the task form can show. */
    public <D, I> D systemTask(SystemTask<D> task, Function<I, D> activity, I input, Object contextData) {
        return openSystemTask(task, contextData).complete(() -> activity.apply(input), true);
    }

    /** Posts a message without waiting for anyone to read it. */
    public <D> UUID message(MessageTask<D> message, String text) {
        return message(message, content -> content.text(text));
    }

    /** Posts a message without waiting for anyone to read it. */
    public <D> UUID message(MessageTask<D> message, Consumer<MessageTask.Content<D>> content) {
        MessageTask.Content<D> chosen = new MessageTask.Content<>();
        content.accept(chosen);
        String dataStructureCode = chosen.dataStructureCode == null ? message.code() : chosen.dataStructureCode;
        return createItem(
                ProcessItem.Type.MESSAGE,
                message.code(),
                chosen.owner,
                null,
                new CreateProcessItem.Message(
                        chosen.text, valueOf(chosen.data), chosen.data == null ? null : dataStructureCode));
    }

    /** Opens a thread without waiting for anyone to post in it. */
    public UUID thread(ThreadTask thread) {
        return thread(thread, Owner.NOBODY);
    }

    /** Opens a thread without waiting for anyone to post in it. */
    public UUID thread(ThreadTask thread, Owner owner) {
        return createItem(ProcessItem.Type.THREAD, thread.code(), owner, null, null);
    }

    /**
     * Registers a handler for a user action that sends a signal. The handler receives what the user entered. Call this method in the
     * workflow's constructor, or before the workflow waits for the first time, because signals that arrive before the handler is
     * registered are ignored.
     */
    public <I> void onAction(SignalAction<I> action, Consumer<I> handler) {
        onAction(action, (input, signal) -> handler.accept(input));
    }

    /** Like {@link #onAction(SignalAction, Consumer)}, but the handler also receives the signal. */
    public <I> void onAction(SignalAction<I> action, BiConsumer<I, UserActionSignal> handler) {
        signals.handle(action, signal -> handler.accept(inputOf(action, signal), signal));
    }

    /**
     * Registers a handler for a signal that does not come from a user action. As with {@link #onAction(SignalAction, Consumer)}, call
     * this method in the workflow's constructor, or before the workflow waits for the first time.
     */
    public <P> void onSignal(String name, Class<P> payload, Consumer<P> handler) {
        signals.handle(name, payload, handler);
    }

    /** Reads the process metadata. */
    public <M> M readMetadata(Class<M> type) {
        Process process = kuflow.retrieveProcess(processId);
        return dataAs(type, process.metadata(), "the process");
    }

    /**
     * Sets the given fields of the process metadata and leaves the others unchanged.
     *
     * @param fields a map, or an object whose null fields are left out
     */
    public void writeMetadata(Object fields) {
        List<JsonPatchOperation> patch = new ArrayList<>();
        KuFlowJson.mapper()
                .valueToTree(fields)
                .properties()
                .forEach(field -> patch.add(JsonPatchOperation.add("/" + escape(field.getKey()), field.getValue())));
        if (!patch.isEmpty()) {
            kuflow.patchProcessMetadata(processId, patch);
        }
    }

    private static String escape(String field) {
        return field.replace("~", "~0").replace("/", "~1");
    }

    @NullUnmarked
    private static <I> I inputOf(SignalAction<I> action, UserActionSignal signal) {
        return action.inputType() == Void.class
                ? null
                : dataAs(action.inputType(), valueOf(signal.input()), "the action " + action.code());
    }

    private static <D> HumanTask.Options<D> optionsOf(Consumer<HumanTask.Options<D>> options) {
        HumanTask.Options<D> chosen = new HumanTask.Options<>();
        options.accept(chosen);
        return chosen;
    }

    private UUID createItem(
            ProcessItem.Type type,
            String code,
            Owner owner,
            CreateProcessItem.@Nullable Task task,
            CreateProcessItem.@Nullable Message message) {
        // In a scope that was canceled before, nothing is created.
        CancellationScope.throwCanceled();
        UUID id = uuid7();
        CreateProcessItem request =
                new CreateProcessItem(id, type, processId, null, owner.id(), owner.email(), code, task, message);
        cancelingWithScope(id, () -> kuflow.createProcessItem(request));
        return id;
    }

    private <D> TaskHandle<D> openTask(HumanTask<D> task, HumanTask.Options<D> options) {
        UUID id = createItem(
                ProcessItem.Type.TASK, task.code(), options.owner, taskOf(options.data, options.contextData), null);
        return new ItemContext(id, task.code(), null).run(() -> {
            LOGGER.info("Waiting for a person (task {})", task.code());
            Promise<D> done = Async.function(() -> cancelingWithScope(id, () -> waitUntilCompleted(task, id)));
            return new TaskHandle<>(this, id, done);
        });
    }

    private <D> D waitUntilCompleted(HumanTask<D> task, UUID id) {
        Duration wait = rereadAfter;
        while (true) {
            boolean isChanged = await(spread(wait, id), () -> changed.contains(id));
            changed.remove(id);
            ProcessItem.Task read = kuflow.retrieveProcessItem(id).task();
            TaskState state = read == null ? TaskState.UNKNOWN : read.state();
            if (state == TaskState.CANCELLED) {
                throw new TaskCancelled(task.code(), id);
            }
            if (read != null && state == TaskState.COMPLETED) {
                return dataAs(task.dataType(), read.data(), task.code());
            }
            // A signal may arrive before KuFlow shows the new state: then read again soon, otherwise later.
            wait = isChanged
                    ? min(wait, AFTER_SIGNAL)
                    : min(wait.multipliedBy(2), max(MAX_REREAD_INTERVAL, rereadAfter));
        }
    }

    /**
     * A time-ordered ID (UUIDv7) from the workflow's time and randomness. It is the same in every replay, so that creating an item is
     * idempotent.
     */
    private static UUID uuid7() {
        UUID random = Workflow.randomUUID();
        long high = Workflow.currentTimeMillis() << 16 | 0x7000 | random.getMostSignificantBits() & 0x0fff;
        return new UUID(high, random.getLeastSignificantBits());
    }

    /** Adds up to 5 %: tasks that were created together are not read at the same moment. */
    private static Duration spread(Duration wait, UUID itemId) {
        return wait.plus(
                wait.multipliedBy(itemId.getLeastSignificantBits() & 0xFFFF).dividedBy(20L * 0xFFFF));
    }

    /** Data that does not fit its type keeps the process waiting until the code of the worker is right. */
    private static <D> D dataAs(Class<D> type, @Nullable JsonValue<?> data, String owner) {
        try {
            return KuFlowJson.mapper().convertValue(data == null ? Map.of() : data.value(), type);
        } catch (IllegalArgumentException unfit) {
            // Its message contains the data.
            String place = unfit.getCause() instanceof JsonMappingException mapping
                    ? mapping.getPath().stream()
                            .map(step -> "/" + (step.getFieldName() == null ? step.getIndex() : step.getFieldName()))
                            .collect(Collectors.joining())
                    : "";
            throw new IllegalStateException("The data of " + owner + " in KuFlow is not a " + type.getSimpleName()
                    + (place.isEmpty() ? "" : ": " + place));
        }
    }

    /**
     * Cancels the item in KuFlow if the scope of the work is canceled. When the whole process is canceled, KuFlow does that.
     */
    <R> R cancelingWithScope(UUID id, Supplier<R> work) {
        try {
            return work.get();
        } catch (TemporalFailure failure) {
            if (isCancellation(failure) && !processScope.isCancelRequested())
                Workflow.newDetachedCancellationScope(() -> cancelItem(id)).run();
            throw failure;
        }
    }

    private void cancelItem(UUID id) {
        try {
            ActivityStubs.brief().cancelProcessItems(processId, List.of(id));
        } catch (TemporalFailure | CallRejected failure) {
            LOGGER.warn("Could not cancel the item {}", id, failure);
        }
    }

    private static boolean isCancellation(TemporalFailure failure) {
        return failure instanceof CanceledFailure || failure.getCause() instanceof CanceledFailure;
    }

    private <D> SystemTaskHandle<D> openSystemTask(SystemTask<D> task, @Nullable Object contextData) {
        CancellationScope.throwCanceled();
        Owner owner = Owner.ofId(application().get());
        UUID id = createItem(ProcessItem.Type.TASK, task.code(), owner, taskOf(null, contextData), null);
        return new SystemTaskHandle<>(this, task.code(), id);
    }

    /** All system tasks share the result, so a canceled scope of one of them must not affect it. */
    private Promise<UUID> application() {
        if (application == null) {
            Workflow.newDetachedCancellationScope(() -> application = Async.function(() ->
                            ActivityStubs.localWorker().retrieveApplication().applicationId()))
                    .run();
        }
        return application;
    }

    private static CreateProcessItem.@Nullable Task taskOf(@Nullable Object data, @Nullable Object contextData) {
        return data == null && contextData == null
                ? null
                : new CreateProcessItem.Task(valueOf(data), valueOf(contextData));
    }

    private static @Nullable JsonValue<?> valueOf(@Nullable Object data) {
        return data == null ? null : JsonValue.of(data);
    }

    /** Not one of Temporal's failures: the process waits until its code is right. Nothing has been created yet. */
    private static void requireFuture(Instant deadline, String code) {
        if (deadline.toEpochMilli() > Workflow.currentTimeMillis()) {
            return;
        }
        throw new IllegalArgumentException("The deadline of " + code + " is not in the future: " + deadline);
    }

    private static boolean isDoneBefore(Instant deadline, Promise<?> done) {
        // The creation may have taken hours.
        long left = deadline.toEpochMilli() - Workflow.currentTimeMillis();
        try {
            return done.isCompleted() || (left > 0 && await(Duration.ofMillis(left), done::isCompleted));
        } catch (CanceledFailure canceled) {
            // Then the task fails too, after it has been canceled in KuFlow.
            return true;
        }
    }

    /** An activity that {@code onDeadline} calls may be retried for long, and must not hide that the task is completed. */
    private static <D> void callWhileOpen(TaskHandle<D> handle, Consumer<TaskHandle<D>> onDeadline) {
        if (Workflow.getVersion("kuflow-deadline-ended", Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
            onDeadline.accept(handle);
            return;
        }
        Promise<D> done = handle.done();
        // If onDeadline itself cancels the task, it may do more afterwards.
        try {
            runUntil(() -> done.isCompleted() && done.getFailure() == null, () -> onDeadline.accept(handle));
        } catch (CanceledFailure canceled) {
            // If the scope is canceled, the task fails too, after it has been canceled in KuFlow.
            if (!CancellationScope.current().isCancelRequested()) {
                throw canceled;
            }
        }
    }

    /** Runs {@code work}, and cancels it once {@code condition} is true. */
    static void runUntil(Supplier<Boolean> condition, Runnable work) {
        List<Promise<Void>> started = new ArrayList<>();
        CancellationScope scope = Workflow.newCancellationScope(() -> started.add(Async.procedure(work::run)));
        scope.run();
        Promise<Void> running = started.get(0);
        Workflow.await(() -> running.isCompleted() || condition.get());
        if (running.isCompleted()) {
            running.get();
        } else {
            scope.cancel();
        }
    }

    /** As Temporal's own function, but without a timer that is left behind. */
    private static boolean await(Duration timeout, Supplier<Boolean> condition) {
        boolean[] isDue = {false};
        CancellationScope timer = Workflow.newCancellationScope(
                () -> Workflow.newTimer(timeout).handle((nothing, canceled) -> isDue[0] = canceled == null));
        timer.run();
        try {
            Workflow.await(() -> isDue[0] || condition.get());
            return condition.get();
        } finally {
            timer.cancel();
        }
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    void cancel(UUID id) {
        kuflow.cancelProcessItems(processId, List.of(id));
    }
}
