package kuflow.worker.internal.replay;

import org.jspecify.annotations.Nullable;

/** The workflow code creates other items than the history has. The message contains no data of the process. */
final class ItemsDiffer extends AssertionError {

    private static final long serialVersionUID = 1L;

    ItemsDiffer(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
