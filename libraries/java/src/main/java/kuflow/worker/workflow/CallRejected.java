package kuflow.worker.workflow;

import java.util.Optional;
import kuflow.worker.RestError;
import org.jspecify.annotations.Nullable;

/** Thrown in {@link KuFlowProcess#failOnRejection} when KuFlow rejects a call. Fails the workflow unless it is caught. */
public class CallRejected extends RuntimeException {

    // The library converts it to one of Temporal's failures, which cannot be extended. Others do not fail a workflow.

    private static final long serialVersionUID = 1L;

    private final String operation;
    private final int status;
    private final transient RestError.@Nullable Details response;

    public CallRejected(String operation, int status, RestError.@Nullable Details response) {
        super("KuFlow rejected " + operation + ": " + status);
        this.operation = operation;
        this.status = status;
        this.response = response;
    }

    /** The operation of KuFlow's API, such as {@code createProcessItem}. */
    public String operation() {
        return operation;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }

    /** The body of KuFlow's response. */
    public Optional<RestError.Details> response() {
        return Optional.ofNullable(response);
    }
}
