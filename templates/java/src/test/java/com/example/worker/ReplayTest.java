package com.example.worker;

import java.io.IOException;
import java.util.stream.Stream;
import kuflow.worker.testing.Replay;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

@DisplayName("workflow code matches the histories in src/test/resources/histories")
class ReplayTest {

    @TestFactory
    Stream<DynamicTest> histories() throws IOException {
        return Replay.recordedHistories(WorkerApplication.class);
    }
}
