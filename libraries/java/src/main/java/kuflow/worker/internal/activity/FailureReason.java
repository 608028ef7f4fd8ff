package kuflow.worker.internal.activity;

import io.temporal.failure.ApplicationFailure;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import kuflow.worker.RestError;
import kuflow.worker.internal.payload.PayloadLimit;

/** Why an attempt failed, without what may be personal data or a secret. */
final class FailureReason {

    private static final int MAX_LENGTH = 300;

    /** The types of failures whose messages have no values. */
    private static final Set<String> WITHOUT_VALUES =
            Set.of(TaskData.INVALID_TASK_DATA, PayloadLimit.PAYLOAD_TOO_LARGE);

    /** Exceptions whose names say nothing. */
    private static final Set<String> PLAIN = Set.of("Error", "Exception", "RuntimeException");

    private record Redaction(Pattern pattern, String replacement) {

        Redaction(String regex, String replacement) {
            this(Pattern.compile(regex), replacement);
        }
    }

    /** Quotes, values, addresses, long numbers and keys in a message may come from a form or a credential. */
    private static final List<Redaction> REDACTIONS = List.of(
            new Redaction("(?<![\\p{L}\\d])[\"'`“‘].*?[\"'`”’](?![\\p{L}\\d])", "…"),
            new Redaction("\\b(\\w+://)(?:\\S*@)?([^\\s/?#]+)[^\\s,;)]*", "$1$2"),
            new Redaction("\\S+@\\S+", "…"),
            new Redaction("=(?!(?:(?<=\\bstatus=)|(?<=\\bstatusCode=))[1-5]\\d\\d\\b)\\s*\\S+", "=…"),
            new Redaction("(?=[\\w+/.~-]*\\d)[\\w+/.~-]{16,}", "…"),
            new Redaction("\\d(?:[ .:/-]?\\d){3,}", "…"));

    private FailureReason() {}

    /** In one line of at most 300 characters. */
    static String of(Throwable error) {
        for (Throwable at = error; at != null; at = at.getCause()) {
            if (at instanceof RestError rest) {
                return describe(rest);
            }
        }
        String type = typeOf(error);
        String message = messageOf(error);
        String text = WITHOUT_VALUES.contains(type) ? message : redact(message);
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

    private static String redact(String message) {
        String text = message.lines().findFirst().orElse("");
        text = text.substring(0, Math.min(text.length(), 10 * MAX_LENGTH));
        for (Redaction redaction : REDACTIONS)
            text = redaction.pattern().matcher(text).replaceAll(redaction.replacement());
        return text;
    }
}
