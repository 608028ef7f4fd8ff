package kuflow.worker.workflow;

import java.util.UUID;

/** Thrown when a task is canceled in KuFlow. Fails the workflow unless it is caught. */
public class TaskCancelled extends RuntimeException {

    // Temporal's failures cannot be extended, and other exceptions do not fail a workflow, so the library converts it.

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
