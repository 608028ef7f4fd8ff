package kuflow.worker.workflow;

import java.util.Optional;
import kuflow.worker.RestError;
import org.jspecify.annotations.Nullable;

/** Thrown inside {@link KuFlowProcess#failOnRejection} when KuFlow rejects a call. If you do not catch it, the workflow fails. */
public class CallRejected extends RuntimeException {

    // Only Temporal's own failures fail a workflow. They cannot be extended, so the library converts this exception.

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

    /** The KuFlow API operation, such as {@code createProcessItem}. */
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
