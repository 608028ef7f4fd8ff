package kuflow.worker.workflow;

/** What the workflow of a process returns to KuFlow. */
public record WorkflowResponse(String message) {}
