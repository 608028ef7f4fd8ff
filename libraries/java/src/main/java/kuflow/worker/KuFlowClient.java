package kuflow.worker;

import java.util.UUID;

/**
 * A KuFlow client for your own activities, with this worker's credentials. Spring injects it. The client retries a failed call at most
 * once, and then throws a {@link RestError}. If an activity does not catch the error, Temporal retries the activity.
 */
public interface KuFlowClient extends KuFlowOperations {

    /** The application whose credentials this worker uses. Its ID is its principal ID. */
    UUID applicationId();

    /** Transfers documents between KuFlow and files. */
    Documents documents();
}
