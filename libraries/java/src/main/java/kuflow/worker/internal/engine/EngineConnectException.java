package kuflow.worker.internal.engine;

/** The engine does not accept a connection. The cause is the failed call. */
final class EngineConnectException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    EngineConnectException(String message, Throwable cause) {
        super(message, cause);
    }
}
