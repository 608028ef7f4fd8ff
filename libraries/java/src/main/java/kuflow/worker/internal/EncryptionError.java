package kuflow.worker.internal;

import org.jspecify.annotations.Nullable;

/**
 * A payload cannot be encrypted or decrypted. The task fails, and Temporal repeats it. It is an error and not an exception, so that
 * workflow code does not catch it together with the failures of its activities.
 */
public final class EncryptionError extends Error {

    private static final long serialVersionUID = 1L;

    EncryptionError(String message) {
        this(message, null);
    }

    EncryptionError(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
