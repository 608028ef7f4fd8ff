package kuflow.worker.workflow;

import static kuflow.worker.workflow.Trial.CHECK;
import static kuflow.worker.workflow.Trial.REVIEW;
import static kuflow.worker.workflow.Trial.SECOND;
import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.workflow.CancellationScope;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import kuflow.worker.model.LogLevel;
import kuflow.worker.testing.FakeKuFlow;
import kuflow.worker.testing.Person;
import kuflow.worker.testing.ProcessRun;
import kuflow.worker.testing.Replay;
import kuflow.worker.workflow.Trial.Check;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * A worker replays the histories of its running processes with the code of a newer library. {@code released/<version>.json} is what each
 * released version recorded for the same workflow. {@code -Dkuflow.record=<version>} records one.
 */
@DisplayName("processes of released versions continue")
class ReleasedHistoriesTest {

    /** Uses everything in {@link KuFlowProcess} that sends commands. */
    public static class EverythingWorkflow implements Trial {

        private final KuFlowProcess kuflow;
        private final Trial.Activities activities = KuFlowProcess.activities(Trial.Activities.class);

        @WorkflowInit
        public EverythingWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            boolean ok = kuflow.humanTask(
                            REVIEW,
                            options -> options.data(new Review(false))
                                    .deadline(Duration.ofHours(5), task -> task.log("Late", LogLevel.WARN)))
                    .ok();
            Check check = kuflow.systemTask(CHECK, activities::check, "input");
            TaskHandle<Map<String, Object>> second = kuflow.openTask(SECOND);
            second.assign(Owner.ofEmail("ada@example.com"));
            second.cancel();
            CancellationScope scope = Workflow.newCancellationScope(() -> kuflow.openTask(SECOND));
            scope.run();
            scope.cancel();
            kuflow.message(new MessageTask<>("RESULT"), "Done");
            kuflow.thread(new ThreadTask("DISCUSSION"));
            kuflow.writeMetadata(Map.of("score", check.score()));
            return new WorkflowResponse("ok " + ok);
        }
    }

    @TestFactory
    Stream<DynamicTest> histories() throws Exception {
        String version = System.getProperty("kuflow.record");
        if (version != null) {
            Path file = Path.of("src/test/resources/released", version + ".json");
            Files.writeString(file, record().toJson(true) + "\n");
        }
        Resource[] histories =
                new PathMatchingResourcePatternResolver().getResources("file:src/test/resources/released/*.json");
        assertThat(histories).isNotEmpty();
        return Stream.of(histories)
                .map(history -> DynamicTest.dynamicTest(
                        "of " + history.getFilename(), () -> Replay.replay(read(history), EverythingWorkflow.class)));
    }

    private static WorkflowExecutionHistory read(Resource history) throws IOException {
        return WorkflowExecutionHistory.fromJson(history.getContentAsString(StandardCharsets.UTF_8));
    }

    private static WorkflowExecutionHistory record() {
        Trial.Activities activities = text -> new Check(7);
        // The first answer comes after the deadline.
        Person person = (code, logs) -> logs.isEmpty() ? Person.leave() : Person.enter(Map.of("ok", true));
        try (FakeKuFlow kuflow = new FakeKuFlow(person);
                ProcessRun run = ProcessRun.start(EverythingWorkflow.class, kuflow, activities)) {
            assertThat(run.result().message()).isEqualTo("ok true");
            return run.history();
        }
    }
}
