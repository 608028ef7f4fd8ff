package kuflow.worker.internal;

import java.util.regex.Pattern;

/** Makes texts of other systems safe to print. */
final class LogText {

    /**
     * Characters that affect a terminal: controls other than line feeds and tabs, direction marks, invisible characters.
     */
    private static final Pattern TERMINAL_CONTROLS = Pattern.compile(
            "[\\p{Cc}\\x{61c}\\x{200b}-\\x{200f}\\x{2028}-\\x{202e}\\x{2060}-\\x{2069}\\x{feff}&&[^\\n\\t]]");

    /** Some libraries log the headers of their calls. */
    private static final Pattern CREDENTIALS = Pattern.compile("(?i)\\b(Bearer|Basic)([ :=]+)[\\w.~+/-]{8,}=*");

    private LogText() {}

    static String escape(String text) {
        String safe = CREDENTIALS.matcher(text).replaceAll("$1$2[redacted]");
        return TERMINAL_CONTROLS
                .matcher(safe)
                .replaceAll(found ->
                        "\\\\u{%s}".formatted(Integer.toHexString(found.group().codePointAt(0))));
    }
}
