package kuflow.worker.workflow;

import java.util.UUID;

/** Thrown when a task is canceled in KuFlow. Fails the workflow unless it is caught. */
public class TaskCancelled extends RuntimeException {

    // The library converts it to one of Temporal's failures, which cannot be extended. Others do not fail a workflow.

    private static final long serialVersionUID = 1L;

    private final String code;
    private final UUID processItemId;

    public TaskCancelled(String code, UUID processItemId) {
        super("The task " + code + " was canceled");
        this.code = code;
        this.processItemId = processItemId;
    }

    /** The code of the task. */
    public String code() {
        return code;
    }

    public UUID processItemId() {
        return processItemId;
    }
}
