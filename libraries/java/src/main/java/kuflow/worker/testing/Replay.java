package kuflow.worker.testing;

import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.converter.DataConverter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import kuflow.worker.internal.HistoryReplay;
import kuflow.worker.internal.Payloads;
import org.junit.jupiter.api.DynamicTest;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/** Replays histories with the current workflow code. */
public final class Replay {

    /** Reads clear text, and what {@link ProcessRun} encrypts. */
    private static final DataConverter CONVERTER = Payloads.converter(Integer.MAX_VALUE, FakeKuFlow::key);

    private Replay() {}

    /**
     * Tests for all histories in {@code src/test/resources/histories}: each is replayed with the workflows in the package of the
     * application class and below.
     */
    public static Stream<DynamicTest> recordedHistories(Class<?> application) throws IOException {
        Resource[] histories = new PathMatchingResourcePatternResolver().getResources("classpath:histories/*.json");
        if (histories.length == 0) {
            return Stream.of(DynamicTest.dynamicTest(
                    "(none yet; to save one: ./kuflow dev history latest --output src/test/resources/histories/<name>.json)",
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
     * Replays a history. Fails if the code calls activities or creates items other than those in the history. (Temporal's own
     * replay does not detect swapped tasks, because it compares only activity names, and the same activity creates every item.)
     */
    public static void replay(WorkflowExecutionHistory history, Class<?>... workflows) throws Exception {
        try (HistoryReplay replay = new HistoryReplay(CONVERTER, List.of(workflows))) {
            Throwable failure = replay.replay(history).failure();
            if (failure instanceof Exception exception) {
                throw exception;
            }
            if (failure instanceof Error error) {
                throw error;
            }
        }
    }
}
