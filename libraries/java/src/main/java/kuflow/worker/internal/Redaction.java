package kuflow.worker.internal;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Redacts personal data and secrets in failure messages. */
public final class Redaction {

    /** The type of the failure of an activity whose result does not match the schema of its task. */
    public static final String INVALID_TASK_DATA = "InvalidTaskData";

    /** The types of failures whose messages have no values. */
    private static final Set<String> WITHOUT_VALUES = Set.of(INVALID_TASK_DATA, PayloadLimit.PAYLOAD_TOO_LARGE);

    /** Enough for a reader. Longer messages contain data. */
    private static final int MAX_LENGTH = 3_000;

    private record Replacement(Pattern pattern, String replacement) {

        Replacement(String regex, String replacement) {
            this(Pattern.compile(regex), replacement);
        }
    }

    /** Quotes, values, addresses, long numbers and keys in a message may come from a form or a credential. */
    private static final List<Replacement> REPLACEMENTS = List.of(
            new Replacement("(?<![\\p{L}\\d])[\"'`“‘].*?[\"'`”’](?![\\p{L}\\d])", "…"),
            new Replacement("\\b(\\w+://)(?:\\S*@)?([^\\s/?#]+)[^\\s,;)]*", "$1$2"),
            new Replacement("\\S+@\\S+", "…"),
            new Replacement("=(?!(?:(?<=\\bstatus=)|(?<=\\bstatusCode=))[1-5]\\d\\d\\b)\\s*\\S+", "=…"),
            new Replacement("(?=[\\w+/.~-]*\\d)[\\w+/.~-]{16,}", "…"),
            new Replacement("\\d(?:[ .:/-]?\\d){3,}", "…"));

    private Redaction() {}

    /** @param type the type of the failure, if it is one of Temporal */
    public static String redact(String message, @Nullable String type) {
        if (type != null && WITHOUT_VALUES.contains(type)) {
            return message;
        }
        String text = message.substring(0, Math.min(message.length(), MAX_LENGTH));
        for (Replacement replacement : REPLACEMENTS) {
            text = replacement.pattern().matcher(text).replaceAll(replacement.replacement());
        }
        return text;
    }
}
