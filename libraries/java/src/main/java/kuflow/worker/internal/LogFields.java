package kuflow.worker.internal;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/** The fields that code adds to a line of the log, with the MDC or {@code addKeyValue}. */
final class LogFields {

    /** Fields that are part of every line, or are logged in another form. */
    private static final Set<String> RESERVED = Set.of("time", "level", "message", "logger", "error", "stack");

    /** The words in the name of a field that may contain form data, such as the arguments of an activity. */
    private static final Pattern FORM_DATA =
            Pattern.compile("(?:args?|arguments?|inputs?|outputs?|results?|values?|data"
                    + "|details?|payloads?|body|content|forms?|answers?|metadata|memo|headers?|entity|entities)");

    /** The words in the name of a field that may contain a secret. */
    private static final Pattern SECRET = Pattern.compile(".*(?:tokens?|secrets?|passwords?|passwd|pwd|passphrase"
            + "|credentials?|keys?|pem|auth|authorization|cookies?|signature)\\d*");

    private static final Pattern WORD_START = Pattern.compile("([a-z\\d])([A-Z])");
    private static final Pattern NOT_IN_WORD = Pattern.compile("[^\\p{L}\\d]+");

    private LogFields() {}

    static Map<String, Object> of(ILoggingEvent event) {
        Map<String, Object> fields = new LinkedHashMap<>();
        event.getMDCPropertyMap().forEach((name, value) -> add(fields, name, value));
        List<KeyValuePair> pairs = event.getKeyValuePairs();
        if (pairs != null) {
            pairs.forEach(pair -> add(fields, pair.key, pair.value));
        }
        return fields;
    }

    private static void add(Map<String, Object> fields, String key, @Nullable Object value) {
        String name = nameOf(key);
        if (RESERVED.contains(name) || isPrivate(name)) {
            return;
        }
        if (value instanceof CharSequence text) {
            fields.put(name, LogText.escape(text.toString()));
        } else if (value instanceof Enum<?> constant) {
            fields.put(name, constant.name());
        } else if (value instanceof Number || value instanceof Boolean) {
            fields.put(name, value);
        }
        // Other objects may contain anything.
    }

    /** Temporal's names in the MDC have a capital first letter. KuFlow uses the id of the process as the workflow ID. */
    private static String nameOf(String key) {
        if (key.isEmpty()) {
            return key;
        }
        String name = Character.isUpperCase(key.charAt(0)) && !key.equals(key.toUpperCase(Locale.ROOT))
                ? Character.toLowerCase(key.charAt(0)) + key.substring(1)
                : key;
        return name.equals("workflowId") ? "processId" : name;
    }

    /** Whether a field may contain a secret or form data, by the words of its name. */
    private static boolean isPrivate(String field) {
        String words = WORD_START.matcher(field).replaceAll("$1 $2").toLowerCase(Locale.ROOT);
        return NOT_IN_WORD
                .splitAsStream(words)
                .anyMatch(word -> FORM_DATA.matcher(word).matches()
                        || SECRET.matcher(word).matches());
    }
}
