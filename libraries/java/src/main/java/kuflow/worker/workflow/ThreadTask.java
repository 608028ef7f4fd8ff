package kuflow.worker.workflow;

/**
 * A thread in the process, in which people write messages.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record ThreadTask(String code) {}
