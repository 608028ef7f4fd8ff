package com.example.worker;

import com.example.worker.kuflow.testing.Replay;
import com.example.worker.kuflow.testing.WorkflowCode;
import io.temporal.common.WorkflowExecutionHistory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

@DisplayName("the workflow code matches the histories in src/test/resources/histories")
class ReplayTest {

    @TestFactory
    Stream<DynamicTest> histories() throws IOException {
        Resource[] histories = new PathMatchingResourcePatternResolver().getResources("classpath:histories/*.json");
        if (histories.length == 0) {
            return Stream.of(DynamicTest.dynamicTest(
                    "(none yet; save one with: ./kuflow dev history <process-id> > src/test/resources/histories/<name>.json)",
                    () -> {}));
        }
        Class<?>[] workflows = WorkflowCode.workflowsOfProject();
        return Stream.of(histories)
                .map(history -> DynamicTest.dynamicTest(history.getFilename(), () -> replay(history, workflows)));
    }

    private static void replay(Resource history, Class<?>[] workflows) {
        try {
            Replay.replay(read(history), workflows);
        } catch (Exception | AssertionError failure) {
            throw new AssertionError(history.getFilename() + ": " + failure.getMessage(), failure);
        }
    }

    private static WorkflowExecutionHistory read(Resource history) throws IOException {
        return WorkflowExecutionHistory.fromJson(history.getContentAsString(StandardCharsets.UTF_8));
    }
}
