package kuflow.worker.workflow;

/** What a process's workflow returns to KuFlow. */
public record WorkflowResponse(String message) {}
