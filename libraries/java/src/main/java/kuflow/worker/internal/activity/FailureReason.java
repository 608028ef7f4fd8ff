package kuflow.worker.internal.activity;

import io.temporal.failure.ApplicationFailure;
import java.util.Set;
import kuflow.worker.RestError;
import kuflow.worker.internal.operation.Redaction;

/** The redacted reason of a failed attempt. */
final class FailureReason {

    private static final int MAX_LENGTH = 300;

    /** Exceptions whose names say nothing. */
    private static final Set<String> PLAIN = Set.of("Error", "Exception", "RuntimeException");

    private FailureReason() {}

    /** In one line of at most 300 characters. */
    static String of(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            if (at instanceof RestError rest) {
                return describe(rest);
            }
        }
        String type = typeOf(error);
        String text = Redaction.redact(messageOf(error).lines().findFirst().orElse(""), type);
        String reason = PLAIN.contains(type) ? text : text.isEmpty() ? type : type + ": " + text;
        return reason.length() > MAX_LENGTH ? reason.substring(0, MAX_LENGTH - 1) + "…" : reason;
    }

    private static String describe(RestError error) {
        String problem =
                error.status().isPresent() ? "responded with " + error.status().getAsInt() : "did not respond";
        return "KuFlow " + problem + " to " + error.operation();
    }

    private static String typeOf(Throwable error) {
        return error instanceof ApplicationFailure failure
                ? failure.getType()
                : error.getClass().getSimpleName();
    }

    private static String messageOf(Throwable error) {
        String message =
                error instanceof ApplicationFailure failure ? failure.getOriginalMessage() : error.getMessage();
        return message == null ? "" : message;
    }
}
