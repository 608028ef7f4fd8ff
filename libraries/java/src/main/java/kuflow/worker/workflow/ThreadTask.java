package kuflow.worker.workflow;

/**
 * A thread in which people post messages.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record ThreadTask(String code) {}
