package kuflow.worker.workflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.spi.ILoggingEvent;
import io.temporal.activity.Activity;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.TemporalFailure;
import io.temporal.testing.WorkflowHistoryLoader;
import io.temporal.workflow.Async;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Promise;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.KuFlowOperations.ProcessItem.TaskState;
import kuflow.worker.Logged;
import kuflow.worker.RestError;
import kuflow.worker.model.KuFlowFile;
import kuflow.worker.model.LogLevel;
import kuflow.worker.testing.FakeKuFlow;
import kuflow.worker.testing.Person;
import kuflow.worker.testing.Person.TaskLog;
import kuflow.worker.testing.ProcessRun;
import kuflow.worker.testing.Replay;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

@DisplayName("a process")
class KuFlowProcessTest {

    private static final Person REVIEWER = Person.entering(Map.of("REVIEW", Map.of("ok", true)));

    private static Map<String, TaskState> statesOf(FakeKuFlow kuflow) {
        return kuflow.items().stream()
                .filter(item -> item.task() != null)
                .collect(
                        Collectors.toMap(item -> item.processItemDefinitionRef().code(), ProcessItem::taskState));
    }

    public static class RereadWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public RereadWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            long start = Workflow.currentTimeMillis();
            boolean ok = kuflow.humanTask(REVIEW).ok();
            return new WorkflowResponse(ok + " after "
                    + Duration.ofMillis(Workflow.currentTimeMillis() - start).toHours() + " h");
        }
    }

    @Test
    @DisplayName("reads a task again after 1, 2 and 4 hours when its signal does not arrive")
    void rereads() {
        List<String> asked = new ArrayList<>();
        Person person = (code, logs) -> {
            asked.add(code);
            return asked.size() < 4 ? Person.leave() : Person.enter(Map.of("ok", true));
        };
        try (FakeKuFlow kuflow = new FakeKuFlow(person);
                ProcessRun run = ProcessRun.start(RereadWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("true after 7 h");

            // Up to 5 % later, so that tasks that were created together are not read at the same moment.
            double later = 1 + (kuflow.items().get(0).id().getLeastSignificantBits() & 0xFFFF) / 20.0 / 0xFFFF;
            assertThat(later).isBetween(1.0, 1.05);
            List<Double> hours = run.history().getEvents().stream()
                    .filter(HistoryEvent::hasTimerStartedEventAttributes)
                    .map(event -> event.getTimerStartedEventAttributes().getStartToFireTimeout())
                    .map(wait -> (wait.getSeconds() + wait.getNanos() / 1e9) / 3600)
                    .toList();
            assertThat(hours)
                    .usingElementComparator((one, other) -> Math.abs(one - other) < 1e-6 ? 0 : 1)
                    .containsExactly(later, 2 * later, 4 * later);
        }
    }

    @Test
    @DisplayName("creates an item once, even if the response to its creation is lost")
    void createsOnce() {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                ProcessRun run = ProcessRun.start(RereadWorkflow.class, kuflow)) {
            kuflow.loseResponses(1);

            assertThat(run.result().message()).startsWith("true");
            assertThat(kuflow.itemCodes()).containsExactly("REVIEW");
            assertThat(kuflow.items().get(0).id().version()).isEqualTo(7);
        }
    }

    @Test
    @DisplayName("waits with an error without values when the data of a task does not fit its type")
    void unfitData() {
        try (FakeKuFlow kuflow = new FakeKuFlow(Person.entering(Map.of("REVIEW", Map.of("ok", "Ada"))));
                ProcessRun run = ProcessRun.start(RereadWorkflow.class, kuflow)) {
            assertThatThrownBy(run::result)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("The data of REVIEW in KuFlow is not a Review: /ok")
                    .hasMessageNotContaining("Ada");
        }
    }

    public static class HandlesWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public HandlesWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            TaskHandle<Review> first = kuflow.openTask(REVIEW, options -> options.data(new Review(false)));
            first.log("Look at this first", LogLevel.WARN);
            first.assign(Owner.ofEmail("ada@example.com"));

            TaskHandle<Map<String, Object>> second = kuflow.openTask(SECOND);
            second.cancel();
            try {
                return new WorkflowResponse("done " + second.done().get());
            } catch (TaskCancelled canceled) {
                return new WorkflowResponse("canceled " + canceled.code());
            }
        }
    }

    @Test
    @DisplayName("logs to, assigns and cancels tasks with their handles")
    void handles() {
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave());
                ProcessRun run = ProcessRun.start(HandlesWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("canceled SECOND");
            assertThat(kuflow.logs()).containsExactly(new TaskLog("REVIEW", "WARN", "Look at this first"));
            assertThat(kuflow.items().get(0).ownerId()).isNotNull();
            assertThat(statesOf(kuflow)).isEqualTo(Map.of("REVIEW", TaskState.CLAIMED, "SECOND", TaskState.CANCELLED));
        }
    }

    public static class ScopeWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public ScopeWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            CancellationScope systemScope = Workflow.newCancellationScope(() -> kuflow.openTask(CHECK));
            systemScope.run();
            systemScope.cancel();

            CancellationScope openScope = Workflow.newCancellationScope(() -> kuflow.openTask(SECOND));
            openScope.run();
            openScope.cancel();

            List<Promise<Review>> waiting = new ArrayList<>();
            CancellationScope scope = Workflow.newCancellationScope(() -> waiting.add(Async.function(
                    () -> kuflow.humanTask(REVIEW, options -> options.deadline(Duration.ofDays(1), task -> {})))));
            scope.run();
            Workflow.sleep(Duration.ofMinutes(1));
            scope.cancel();
            try {
                return new WorkflowResponse("done " + waiting.get(0).get());
            } catch (CanceledFailure canceled) {
                scope.run();
                return new WorkflowResponse("scope canceled");
            }
        }
    }

    @Test
    @DisplayName("cancels tasks in KuFlow when their scope is canceled, and creates nothing in a canceled scope")
    void scopes() {
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave());
                ProcessRun run = ProcessRun.start(ScopeWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("scope canceled");
            assertThat(kuflow.itemCodes()).containsExactly("CHECK", "SECOND", "REVIEW");
            assertThat(statesOf(kuflow).values()).containsOnly(TaskState.CANCELLED);
        }
    }

    /** A person cancels one of two parallel tasks in KuFlow. */
    public static class ParallelWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public ParallelWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request, Duration.ofMinutes(1));
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            try {
                return KuFlowProcess.all(
                        () -> kuflow.humanTask(REVIEW),
                        () -> {
                            // At another time than the first one is read again: Temporal's test server may not know an
                            // activity that is canceled right after it was scheduled, and then the workflow hangs.
                            Workflow.sleep(Duration.ofSeconds(30));
                            return kuflow.humanTask(SECOND);
                        },
                        (review, second) -> new WorkflowResponse(review.ok() + " " + second));
            } catch (TaskCancelled canceled) {
                return new WorkflowResponse("canceled " + canceled.code());
            }
        }
    }

    @Test
    @DisplayName("cancels the other parallel tasks in KuFlow if one is canceled")
    void parallelCanceled() {
        try (FakeKuFlow kuflow =
                        new FakeKuFlow((code, logs) -> code.equals("SECOND") ? Person.cancel() : Person.leave());
                ProcessRun run = ProcessRun.start(ParallelWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("canceled SECOND");
            assertThat(statesOf(kuflow))
                    .isEqualTo(Map.of("REVIEW", TaskState.CANCELLED, "SECOND", TaskState.CANCELLED));
        }
    }

    @Test
    @DisplayName("returns the data of parallel tasks in their order")
    void parallel() {
        Person person = Person.entering(Map.of("REVIEW", Map.of("ok", true), "SECOND", Map.of("a", 1)));
        try (FakeKuFlow kuflow = new FakeKuFlow(person);
                ProcessRun run = ProcessRun.start(ParallelWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("true {a=1}");
        }
    }

    /** Logs to a task that does not exist. */
    public static class RejectedWorkflow implements Trial {

        @WorkflowInit
        public RejectedWorkflow(WorkflowRequest request) {}

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            KuFlowOperations activities = KuFlowProcess.kuflowActivities();
            Activities own = KuFlowProcess.activities(Activities.class);
            UUID unknown = Workflow.randomUUID();
            try {
                KuFlowProcess.failOnRejection(() ->
                        Async.function(activities::retrieveProcessItem, unknown).get());
                return new WorkflowResponse("never");
            } catch (CallRejected rejected) {
                KuFlowProcess.failOnRejection(() -> own.check(rejected.operation() + " " + rejected.status()));
                return new WorkflowResponse("never");
            }
        }
    }

    @Test
    @DisplayName("throws a rejected call that is not retried, and fails if it does not catch it")
    void rejected() {
        List<String> checked = new ArrayList<>();
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER)) {
            Trial.Activities own = text -> {
                checked.add(text);
                kuflow.client().retrieveProcessItem(UUID.randomUUID());
                return new Trial.Check(1);
            };
            try (ProcessRun run = ProcessRun.start(RejectedWorkflow.class, kuflow, own)) {
                assertThatThrownBy(run::result).cause().isInstanceOfSatisfying(ApplicationFailure.class, failure -> {
                    assertThat(failure.getType()).isEqualTo("KuFlow_Worker.CallRejected");
                    assertThat(failure.getOriginalMessage()).isEqualTo("KuFlow rejected retrieveProcessItem: 404");
                });
            }
        }
        assertThat(checked).containsExactly("retrieveProcessItem 404");
    }

    /** Needs two attempts. */
    public static class RepeatedWorkflow implements Trial {

        @WorkflowInit
        public RepeatedWorkflow(WorkflowRequest request) {}

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            Activities own = KuFlowProcess.activities(Activities.class);
            Object score = KuFlowProcess.failOnRejection(() -> own.check("x")).score();
            return new WorkflowResponse(score + ", " + own.check("y").score());
        }
    }

    @Test
    @DisplayName("retries a call that was not rejected because of its data, and any call without the option")
    void repeatedCalls() {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                ProcessRun run = ProcessRun.start(RepeatedWorkflow.class, kuflow, (Trial.Activities) text -> {
                    int attempt = Activity.getExecutionContext().getInfo().getAttempt();
                    if (attempt == 1) {
                        int status = text.equals("x") ? 403 : 400;
                        throw RestError.status("rejected", "createProcessItem", status, null, null);
                    }
                    return new Trial.Check(attempt);
                })) {
            assertThat(run.result().message()).isEqualTo("2, 2");
        }
    }

    /** A task whose scope is canceled by the signal {@code Stop}. */
    public static class StopWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public StopWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            List<Promise<Review>> waiting = new ArrayList<>();
            CancellationScope scope =
                    Workflow.newCancellationScope(() -> waiting.add(Async.function(() -> kuflow.humanTask(REVIEW))));
            kuflow.onSignal("Stop", Object.class, payload -> scope.cancel());
            scope.run();
            try {
                return new WorkflowResponse("done " + waiting.get(0).get());
            } catch (CanceledFailure canceled) {
                return new WorkflowResponse("canceled");
            }
        }
    }

    @Test
    @DisplayName("cancels a task in KuFlow even if its scope is canceled at the moment when the task is created")
    void canceledAtCreation() throws Exception {
        // The signal and the response to the creation arrive in the same workflow task, which then cancels the item.
        Replay.replay(WorkflowHistoryLoader.readHistoryFromResource("canceled-at-creation.json"), StopWorkflow.class);
    }

    @Test
    @DisplayName("leaves its tasks to KuFlow when the whole process is canceled")
    void canceledProcess() {
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave());
                ProcessRun run = ProcessRun.start(RereadWorkflow.class, kuflow)) {
            run.cancelAfter(Duration.ofMinutes(30));
            assertThatThrownBy(run::result).cause().isInstanceOf(CanceledFailure.class);
            assertThat(statesOf(kuflow)).isEqualTo(Map.of("REVIEW", TaskState.READY));
        }
    }

    /** Creates a task and cancels its scope at once, and then creates another one. */
    public static class DroppedTaskWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public DroppedTaskWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            List<Promise<?>> dropped = new ArrayList<>();
            CancellationScope scope =
                    Workflow.newCancellationScope(() -> dropped.add(Async.function(() -> kuflow.humanTask(SECOND))));
            scope.run();
            // Lets the other thread of the workflow start.
            boolean[] isStarted = {false};
            Async.procedure(() -> isStarted[0] = true);
            Workflow.await(() -> isStarted[0]);
            scope.cancel();
            kuflow.humanTask(REVIEW);
            return new WorkflowResponse("done");
        }
    }

    @Test
    @DisplayName("can be replayed when an item was canceled in the workflow task that created it")
    void droppedTask() throws Exception {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                ProcessRun run = ProcessRun.start(DroppedTaskWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("done");
            assertThat(kuflow.itemCodes()).containsExactly("REVIEW");
            Replay.replay(run.history(), DroppedTaskWorkflow.class);
        }
    }

    /** Assigns a task to somebody else at its deadline. */
    public static class ReassignedWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public ReassignedWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            boolean ok = kuflow.humanTask(
                            REVIEW,
                            options -> options.deadline(
                                    Duration.ofDays(1), task -> task.assign(Owner.ofEmail("ada@example.com"))))
                    .ok();
            return new WorkflowResponse("" + ok);
        }
    }

    @Test
    @DisplayName("asks the person of a test again when a task is assigned")
    void reassigned() {
        List<FakeKuFlow> kuflows = new ArrayList<>();
        Person person = (code, logs) ->
                kuflows.get(0).items().get(0).ownerId() == null ? Person.leave() : Person.enter(Map.of("ok", true));
        try (FakeKuFlow kuflow = new FakeKuFlow(person)) {
            kuflows.add(kuflow);
            try (ProcessRun run = ProcessRun.start(ReassignedWorkflow.class, kuflow)) {
                assertThat(run.result().message()).isEqualTo("true");
            }
        }
    }

    @Test
    @DisplayName("names its open tasks and the activities that fail when a test waits too long for its end")
    void waitsTooLong() {
        Trial.Activities failing = text -> {
            throw new IllegalStateException("down");
        };
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave());
                ProcessRun run = ProcessRun.start(StubbornDeadlineWorkflow.class, kuflow, failing)) {
            assertThatThrownBy(() -> run.result(Duration.ofSeconds(5)))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageMatching(
                            // Other activities can be running at that moment.
                            "(?s).*within 5 s\nOpen task: REVIEW \\(READY\\)\n.*Activity Check, attempt \\d+: down.*");
        }
    }

    /** Calls an activity at the deadline that is retried until the deadline is far behind. */
    public static class StubbornDeadlineWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public StubbornDeadlineWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            Activities activities = KuFlowProcess.activities(Activities.class);
            boolean ok = kuflow.humanTask(
                            REVIEW, options -> options.deadline(Duration.ofDays(1), task -> activities.check("x")))
                    .ok();
            return new WorkflowResponse("" + ok);
        }
    }

    @Test
    @DisplayName("does not overlook that a task is completed while onDeadline retries an activity")
    void stubbornDeadline() {
        AtomicInteger attempts = new AtomicInteger();
        Trial.Activities failing = text -> {
            attempts.incrementAndGet();
            throw new IllegalStateException("down");
        };
        Person person = (code, logs) -> attempts.get() > 1 ? Person.enter(Map.of("ok", true)) : Person.leave();
        try (FakeKuFlow kuflow = new FakeKuFlow(person);
                ProcessRun run = ProcessRun.start(StubbornDeadlineWorkflow.class, kuflow, failing)) {
            assertThat(run.result().message()).isEqualTo("true");
        }
    }

    public static class DeadlineWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public DeadlineWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            boolean ok = kuflow.humanTask(
                            REVIEW,
                            options -> options.deadline(Duration.ofDays(3), task -> task.log("Late", LogLevel.INFO)))
                    .ok();
            Instant later = Instant.ofEpochMilli(Workflow.currentTimeMillis()).plus(Duration.ofDays(1));
            kuflow.humanTask(SECOND, options -> options.deadline(later, task -> task.log("Never", LogLevel.INFO)));
            return new WorkflowResponse(String.valueOf(ok));
        }
    }

    @Test
    @DisplayName("calls onDeadline once, and only if the task is still open")
    void deadlines() {
        Person person = (code, logs) ->
                code.equals("REVIEW") && logs.isEmpty() ? Person.leave() : Person.enter(Map.of("ok", true));
        try (FakeKuFlow kuflow = new FakeKuFlow(person);
                ProcessRun run = ProcessRun.start(DeadlineWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("true");
            assertThat(kuflow.logs()).containsExactly(new TaskLog("REVIEW", "INFO", "Late"));
        }
    }

    public static class OverdueWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public OverdueWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.humanTask(REVIEW, options -> options.deadline(Instant.EPOCH, task -> {}));
            return new WorkflowResponse("never");
        }
    }

    @Test
    @DisplayName("waits for a fix when a deadline is not in the future, and the test ends at once")
    void pastDeadline() {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                ProcessRun run = ProcessRun.start(OverdueWorkflow.class, kuflow)) {
            assertThatThrownBy(run::result)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("The deadline of REVIEW is not in the future: 1970-01-01T00:00:00Z");
            assertThat(kuflow.items()).isEmpty();
        }
    }

    public static class SystemWorkflow implements Trial {

        private static final Logger LOGGER = Workflow.getLogger(SystemWorkflow.class);

        private final KuFlowProcess kuflow;
        private final Activities activities = KuFlowProcess.activities(Activities.class);

        @WorkflowInit
        public SystemWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            Check valid = kuflow.systemTask(CHECK, activities::check, "Ada");
            try {
                kuflow.openTask(CHECK, Map.of("hint", "x")).complete(() -> {
                    LOGGER.info("In the task");
                    return Async.function(activities::check, "invalid").get();
                });
                return new WorkflowResponse("never");
            } catch (ActivityFailure failure) {
                LOGGER.info("Out of the task");
                ApplicationFailure cause = (ApplicationFailure) failure.getCause();
                return new WorkflowResponse(valid.score() + ", " + cause.getType() + ": " + cause.getOriginalMessage());
            }
        }
    }

    public static class CheckActivities implements Trial.Activities {

        private static final Logger LOGGER = LoggerFactory.getLogger(CheckActivities.class);

        @Override
        public Trial.Check check(String text) {
            LOGGER.info("Checking");
            boolean isFirst = Activity.getExecutionContext().getInfo().getAttempt() == 1;
            return new Trial.Check(text.equals("invalid") || isFirst ? "high" : 7);
        }
    }

    @Test
    @DisplayName("completes system tasks with valid data only, and its log lines carry process, item and workflow type")
    void systemTasks() {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                Logged ofActivity = new Logged(CheckActivities.class);
                Logged ofWorkflow = new Logged(SystemWorkflow.class);
                ProcessRun run = ProcessRun.start(SystemWorkflow.class, kuflow, new CheckActivities())) {
            assertThat(run.result().message())
                    .isEqualTo(
                            "7, InvalidTaskData: The data of CHECK does not match its schema: /score string found, integer expected");
            assertThat(kuflow.items()).extracting(ProcessItem::ownerId).containsOnly(FakeKuFlow.APPLICATION_ID);
            assertThat(kuflow.items())
                    .extracting(ProcessItem::taskState)
                    .containsExactly(TaskState.COMPLETED, TaskState.CLAIMED);
            assertThat(kuflow.items().get(0).task().data().value()).isEqualTo(Map.of("score", 7));

            String processId = run.processId().toString();
            List<String> itemIds =
                    kuflow.items().stream().map(item -> item.id().toString()).toList();
            assertThat(ofActivity.containing("Checking"))
                    .extracting(ILoggingEvent::getMDCPropertyMap)
                    .allSatisfy(fields -> assertThat(fields)
                            .containsEntry("WorkflowId", processId)
                            .containsEntry("WorkflowType", "Trial"))
                    .extracting(fields -> fields.get("processItemId"))
                    .containsExactly(itemIds.get(0), itemIds.get(0), itemIds.get(1));
            assertThat(ofWorkflow.containing("In the task").get(0).getMDCPropertyMap())
                    .containsEntry("WorkflowId", processId)
                    .containsEntry("WorkflowType", "Trial")
                    .containsEntry("processItemId", itemIds.get(1));
            assertThat(ofWorkflow.containing("Out of the task").get(0).getMDCPropertyMap())
                    .doesNotContainKey("processItemId");
        }
    }

    public static class ContentWorkflow implements Trial {

        private final KuFlowProcess kuflow;

        @WorkflowInit
        public ContentWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        record Person(String name, Integer age) {}

        ThreadTask discussion() {
            return new ThreadTask("DISCUSSION");
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.message(
                    new MessageTask<Review>("RESULT"),
                    content -> content.text("Done").data(new Review(true)));
            kuflow.message(new MessageTask<>("NOTE"), "Only text");
            kuflow.thread(discussion());
            Person person = kuflow.readMetadata(Person.class);
            kuflow.writeMetadata(new Person(null, person.age() + 1));
            kuflow.writeMetadata(Map.of("a/b~c", List.of()));
            return new WorkflowResponse(person.name());
        }
    }

    @Test
    @DisplayName("creates messages and threads without waiting, and changes single fields of its metadata")
    void contents() {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER, Map.of("name", "Ada", "age", 36, "other", true));
                ProcessRun run = ProcessRun.start(ContentWorkflow.class, kuflow)) {
            assertThat(run.result().message()).isEqualTo("Ada");
            assertThat(kuflow.items())
                    .extracting(ProcessItem::type)
                    .containsExactly(ProcessItem.Type.MESSAGE, ProcessItem.Type.MESSAGE, ProcessItem.Type.THREAD);
            ProcessItem.Message result = kuflow.items().get(0).message();
            assertThat(result.text()).isEqualTo("Done");
            assertThat(result.data().value()).isEqualTo(Map.of("ok", true));
            assertThat(result.dataStructureDataDefinitionCode()).isEqualTo("RESULT");
            assertThat(kuflow.items().get(1).message().text()).isEqualTo("Only text");
            assertThat(kuflow.metadata())
                    .isEqualTo(Map.of("name", "Ada", "age", 37, "other", true, "a/b~c", List.of()));
        }
    }

    /** As {@link ContentWorkflow}, with another thread. */
    public static class RenamedWorkflow extends ContentWorkflow {

        @WorkflowInit
        public RenamedWorkflow(WorkflowRequest request) {
            super(request);
        }

        @Override
        ThreadTask discussion() {
            return new ThreadTask("RENAMED");
        }
    }

    @Test
    @DisplayName("cannot be replayed with code that creates different items")
    void replay() throws Exception {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER, Map.of("name", "Ada", "age", 36));
                ProcessRun run = ProcessRun.start(ContentWorkflow.class, kuflow)) {
            run.result();

            Replay.replay(run.history(), ContentWorkflow.class);
            assertThatThrownBy(() -> Replay.replay(run.history(), RenamedWorkflow.class))
                    .hasMessage(
                            "Item 3 of the process is THREAD DISCUSSION in the history, but the workflow code creates THREAD RENAMED");
        }
    }

    public static class SignalsWorkflow implements Trial {

        private final KuFlowProcess kuflow;
        private final List<String> notes = new ArrayList<>();

        @WorkflowInit
        public SignalsWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
            kuflow.onSignal("First", UserActionSignal.class, signal -> notes.add(signal.userActionDefinitionCode()));
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.onSignal("Second", String.class, notes::add);
            Workflow.await(() -> notes.size() == 2);
            return new WorkflowResponse(String.join(", ", notes));
        }
    }

    @Test
    @DisplayName("handles signals that arrive before it starts, and logs each unknown signal once")
    void signals() {
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                Logged logged = new Logged(Signals.class);
                ProcessRun run = ProcessRun.start(SignalsWorkflow.class, kuflow)) {
            for (int time = 0; time < 2; time++) {
                kuflow.signal(run.processId(), "Unknown_Signal", "x");
                kuflow.signal(
                        run.processId(),
                        "KuFlow_Engine_Signal_Process_Item",
                        Map.of("type", "UNKNOWN", "id", UUID.randomUUID()));
                kuflow.signal(run.processId(), "KuFlow_Engine_Signal_Process_Item", Map.of("type", "TASK", "id", "x"));
            }
            kuflow.signal(run.processId(), "First", "not an object");
            kuflow.signal(run.processId(), "First", Map.of("userActionDefinitionCode", "STOP", "requestInstant", 1));
            kuflow.signal(run.processId(), "Second", "go");

            assertThat(run.result().message()).isEqualTo("STOP, go");
            assertThat(logged.containing("Unknown_Signal")).hasSize(1);
            assertThat(logged.containing("of type UNKNOWN")).hasSize(1);
            assertThat(logged.containing("with an invalid ID")).hasSize(1);
            assertThat(logged.containing("not a UserActionSignal: First")).hasSize(1);
        }
    }

    /** A person can withdraw while a task is open. */
    public static class ActionsWorkflow implements Trial {

        private final KuFlowProcess kuflow;
        private final List<String> notes = new ArrayList<>();

        @WorkflowInit
        public ActionsWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
            kuflow.onAction(
                    ADJUST,
                    (input, signal) -> notes.add(
                            signal.userActionDefinitionCode() + " " + input.ok() + " " + signal.requestInstant()));
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            CancellationScope scope = Workflow.newCancellationScope(() -> kuflow.humanTask(REVIEW));
            kuflow.onAction(WITHDRAW, nothing -> {
                notes.add("WITHDRAW " + nothing);
                scope.cancel();
            });
            try {
                scope.run();
                return new WorkflowResponse("never");
            } catch (TemporalFailure canceled) {
                return new WorkflowResponse(String.join(", ", notes));
            }
        }
    }

    @Test
    @DisplayName("handles actions, which can have the same signal, with what the person entered")
    void actions() {
        SignalAction<Void> other = SignalAction.withoutInput("OTHER", "Act");
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave());
                Logged logged = new Logged(Signals.class);
                ProcessRun run = ProcessRun.start(ActionsWorkflow.class, kuflow)) {
            kuflow.act(run.processId(), other, null);
            kuflow.act(run.processId(), other, null);
            kuflow.act(run.processId(), Trial.ADJUST, new Trial.Review(true));
            run.actAfter(Duration.ofMinutes(30), Trial.WITHDRAW);

            assertThat(run.result().message()).isEqualTo("ADJUST true 2025-10-08T08:00:00Z, WITHDRAW null");
            assertThat(statesOf(kuflow)).isEqualTo(Map.of("REVIEW", TaskState.CANCELLED));
            assertThat(logged.containing("Act of the action OTHER")).hasSize(1);
        }
    }

    @Test
    @DisplayName("handles an action that arrives early if another one with the same signal already has a handler")
    void earlyAction() {
        try (FakeKuFlow kuflow = new FakeKuFlow((code, logs) -> Person.leave());
                ProcessRun run = ProcessRun.start(ActionsWorkflow.class, kuflow)) {
            kuflow.act(run.processId(), Trial.WITHDRAW, null);

            assertThat(run.result().message()).isEqualTo("WITHDRAW null");
        }
    }

    @WorkflowInterface
    public interface Export {

        @WorkflowMethod(name = "Export")
        ActionResponse run(ActionRequest request);
    }

    public static class ExportWorkflow implements Export {

        private final Trial.Activities activities = KuFlowProcess.activities(Trial.Activities.class);

        @Override
        public ActionResponse run(ActionRequest request) {
            Object document =
                    activities.check(request.userActionDefinitionCode()).score();
            return ActionResponse.of(new KuFlowFile(String.valueOf(document)));
        }
    }

    @Test
    @DisplayName("has actions with separate workflows, which return a document")
    void actionWorkflow() {
        KuFlowFile document = KuFlowFile.of("ku:process/1/document/2", "text/plain", 3, "loan.txt");
        Trial.Activities activities = code -> new Trial.Check(code.equals("EXPORT") ? document : null);
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                ProcessRun run = ProcessRun.startAction(ExportWorkflow.class, "EXPORT", kuflow, activities)) {
            assertThat(run.actionResult())
                    .isEqualTo(new ActionResponse(null, new ActionResponse.Downloadable(document.uri())));
        }
    }

    public static class TooLargeWorkflow implements Trial {

        private final Activities activities = KuFlowProcess.activities(Activities.class);

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            try {
                activities.check("small");
            } catch (ActivityFailure failure) {
                Workflow.getLogger(TooLargeWorkflow.class).warn("Refused", failure);
            }
            activities.check("x".repeat(150_000));
            return new WorkflowResponse("never");
        }
    }

    @Test
    @DisplayName("refuses large payloads before they are sent, with process, activity and size")
    void largePayloads() {
        Trial.Activities activities = text -> new Trial.Check("x".repeat(150_000));
        try (FakeKuFlow kuflow = new FakeKuFlow(REVIEWER);
                Logged logged = new Logged(TooLargeWorkflow.class);
                ProcessRun run = ProcessRun.start(TooLargeWorkflow.class, kuflow, activities)) {
            assertThatThrownBy(run::result)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("Process " + run.processId()
                            + ": the input of activity Check is 150002 bytes; the limit is 100000");
            assertThat(logged.containing("Refused")
                            .get(0)
                            .getThrowableProxy()
                            .getCause()
                            .getMessage())
                    .contains(
                            "PayloadTooLarge",
                            "Process " + run.processId() + ": the result of activity Check is 150012 bytes");
        }
    }
}
