package kuflow.worker.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/** The fields of a value that refers to something else: a string with percent-encoded fields. */
record ValueFields(String kind, Map<String, String> fields) {

    static ValueFields parse(String kind, String value) {
        if (!value.startsWith(kind + ":")) throw new IllegalArgumentException("Not a " + kind + " value");
        Map<String, String> fields = new LinkedHashMap<>();
        for (String pair : value.substring(kind.length() + 1).split(";")) {
            int at = pair.indexOf('=');
            if (at >= 0)
                fields.put(pair.substring(0, at).trim().toLowerCase(Locale.ROOT), decode(pair.substring(at + 1)));
        }
        return new ValueFields(kind, fields);
    }

    /** The value with these fields: names and texts in turn. */
    static String format(String kind, String... fields) {
        StringBuilder value = new StringBuilder(kind).append(':');
        for (int i = 0; i < fields.length; i += 2)
            value.append(fields[i]).append('=').append(encode(fields[i + 1])).append(';');
        return value.toString();
    }

    String required(String field) {
        String text = optional(field);
        if (text.isEmpty()) throw invalid("it has no " + field);
        return text;
    }

    String optional(String field) {
        return fields.getOrDefault(field, "");
    }

    long number(String field) {
        String text = required(field);
        if (!text.matches("\\d{1,18}")) throw invalid("its " + field + " is not a number");
        return Long.parseLong(text);
    }

    UUID uuid(String field) {
        String text = required(field);
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException e) {
            throw invalid("its " + field + " is not a UUID");
        }
    }

    private IllegalArgumentException invalid(String problem) {
        return new IllegalArgumentException("Not a " + kind + " value: " + problem);
    }

    // A plus sign is not a space here, unlike in the forms that URLDecoder and URLEncoder are made for.
    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
    }

    // KuFlow's libraries split at every `;` and `=`, and expect `:` and `/` as they are.
    private static String encode(String text) {
        return URLEncoder.encode(text, UTF_8)
                .replace("+", "%20")
                .replace("%3A", ":")
                .replace("%2F", "/");
    }
}
