package kuflow.worker.workflow;

import java.util.UUID;

/** Thrown when a task is canceled in KuFlow. If you do not catch it, the workflow fails. */
public class TaskCancelled extends RuntimeException {

    // Only Temporal's own failures fail a workflow. They cannot be extended, so the library converts this exception.

    private static final long serialVersionUID = 1L;

    private final String code;
    private final UUID processItemId;

    public TaskCancelled(String code, UUID processItemId) {
        super("The task " + code + " was canceled");
        this.code = code;
        this.processItemId = processItemId;
    }

    /** The task's code. */
    public String code() {
        return code;
    }

    public UUID processItemId() {
        return processItemId;
    }
}
