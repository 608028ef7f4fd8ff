package com.example.worker.kuflow.testing;

import io.temporal.common.WorkflowExecutionHistory;

/** Replays histories with the current workflow code. */
public final class Replay {

    private Replay() {}

    public static void replay(WorkflowExecutionHistory history, Class<?>... workflows) throws Exception {}
}
