package kuflow.worker.workflow;

/**
 * A message of the process. {@code D} is the type of its data.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record MessageTask<D>(String code) {}
