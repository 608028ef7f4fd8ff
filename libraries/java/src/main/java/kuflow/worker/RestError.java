package kuflow.worker;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** A failed call to KuFlow's REST API. */
public final class RestError extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String operation;
    private final @Nullable Integer status;
    private final transient @Nullable Details details;
    private final @Nullable Duration retryAfter;
    private final boolean timedOut;

    /** The body of KuFlow's error responses. */
    public record Details(
            @Nullable String timestamp,
            @Nullable Integer status,
            @Nullable String message,
            @Nullable List<Problem> errors) {

        public record Problem(
                @Nullable String code,
                @Nullable String message,
                @Nullable String location) {}
    }

    private RestError(
            String message,
            String operation,
            @Nullable Integer status,
            @Nullable Details details,
            @Nullable Duration retryAfter,
            boolean timedOut,
            @Nullable Throwable cause) {
        super(message, cause);
        this.operation = operation;
        this.status = status;
        this.details = details;
        this.retryAfter = retryAfter;
        this.timedOut = timedOut;
    }

    /** KuFlow rejected a call or failed. */
    public static RestError status(
            String message, String operation, int status, @Nullable Details details, @Nullable Duration retryAfter) {
        return new RestError(message, operation, status, details, retryAfter, false, null);
    }

    /** There was no response. */
    public static RestError noResponse(String message, String operation, boolean timedOut, Throwable cause) {
        return new RestError(message, operation, null, null, null, timedOut, cause);
    }

    /** The response did not come from KuFlow's API. */
    public static RestError unexpected(String message, String operation) {
        return new RestError(message, operation, null, null, null, false, null);
    }

    public String operation() {
        return operation;
    }

    /** The HTTP status, if KuFlow responded with an error. */
    public OptionalInt status() {
        return status == null ? OptionalInt.empty() : OptionalInt.of(status);
    }

    public boolean hasStatus(int expected) {
        return Objects.equals(status, expected);
    }

    public Optional<Details> details() {
        return Optional.ofNullable(details);
    }

    /** How long KuFlow asked to wait. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    public boolean timedOut() {
        return timedOut;
    }
}
