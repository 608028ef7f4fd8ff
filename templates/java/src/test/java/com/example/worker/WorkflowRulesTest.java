package com.example.worker;

import kuflow.worker.testing.WorkflowCode;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("workflow code")
class WorkflowRulesTest {

    @Test
    @DisplayName("is deterministic")
    void isDeterministic() {
        WorkflowCode.of(WorkerApplication.class).checkDeterminism();
    }
}
