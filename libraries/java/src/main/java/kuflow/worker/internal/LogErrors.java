package kuflow.worker.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import io.temporal.common.converter.DataConverterException;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.TemporalFailure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import kuflow.worker.RestError;
import org.jspecify.annotations.Nullable;

public final class LogErrors {

    /** Exceptions whose names add nothing to their messages. */
    private static final Set<String> PLAIN_ERRORS = Set.of(
            "Exception",
            "RuntimeException",
            "Error",
            "RestError",
            "SettingsException",
            "ApplicationFailure",
            "UncheckedIOException",
            "CompletionException",
            "ExecutionException",
            "EncryptionError",
            "EngineConnectException",
            "TimeoutException");

    private static final int MAX_CAUSES = 5;
    private static final Pattern QUOTED = Pattern.compile("([\"']).*\\1");

    private LogErrors() {}

    /** An exception of a chain of causes, and its message. */
    private record Part(Throwable error, String text) {

        String nameAndText() {
            String name = error.getClass().getSimpleName();
            return PLAIN_ERRORS.contains(name) || text.equals(name) ? text : name + ": " + text;
        }
    }

    /**
     * Names and messages of an exception and its causes. Leaves out the details, which may contain form data.
     *
     * @param hidesValues the messages come from an activity, so they may contain form data too
     */
    public static String describe(Throwable error, boolean hidesValues) {
        List<String> described = new ArrayList<>();
        for (Part part : partsOf(error, hidesValues)) {
            if (described.stream().noneMatch(other -> other.endsWith(part.text()))) {
                described.add(part.nameAndText());
            }
        }
        return LogText.escape(String.join(" <- ", described));
    }

    /** The frames of an exception and its causes that match. */
    static String stackOf(Throwable error, boolean hidesValues, Predicate<StackTraceElement> isShown) {
        List<String> stacks = new ArrayList<>();
        for (Part part : partsOf(error, hidesValues)) {
            String frames = Arrays.stream(part.error().getStackTrace())
                    .filter(isShown)
                    .map(frame -> "    at " + frame)
                    .collect(Collectors.joining("\n"));
            if (!frames.isEmpty()) {
                String cause = part.nameAndText().lines().findFirst().orElse("");
                stacks.add(part.error() == error ? frames : "  caused by " + cause + "\n" + frames);
            }
        }
        return LogText.escape(String.join("\n", stacks));
    }

    private static List<Part> partsOf(Throwable error, boolean hidesValues) {
        List<Part> chain = new ArrayList<>();
        boolean isHiding = hidesValues;
        for (Throwable at = error; at != null && chain.size() < MAX_CAUSES; at = at.getCause()) {
            // Errors of this library have no values of forms.
            isHiding &= !(at instanceof RestError);
            chain.add(new Part(at, textOf(at, isHiding)));
            isHiding |= at instanceof ActivityFailure;
        }
        return chain;
    }

    private static String textOf(Throwable error, boolean isHiding) {
        String text = messageOf(error);
        if (text == null || text.isBlank()) {
            return error.getClass().getSimpleName();
        }
        String type = error instanceof ApplicationFailure failure ? failure.getType() : null;
        return isHiding ? Redaction.redact(text, type) : text;
    }

    private static @Nullable String messageOf(Throwable error) {
        if (error instanceof TemporalFailure failure) {
            return failure.getOriginalMessage();
        }
        // The message contains the payload.
        if (error instanceof DataConverterException) {
            return "a payload does not have the expected type";
        }
        // The message quotes the JSON.
        if (error instanceof JsonProcessingException invalid) {
            String message = QUOTED.matcher(invalid.getOriginalMessage()).replaceAll("$1…$1");
            return invalid instanceof JsonMappingException mapping ? message + pathOf(mapping) : message;
        }
        return error.getMessage();
    }

    private static String pathOf(JsonMappingException error) {
        String path = error.getPath().stream()
                .map(at -> at.getFieldName() == null ? String.valueOf(at.getIndex()) : at.getFieldName())
                .collect(Collectors.joining("."));
        return path.isEmpty() ? "" : " (at " + path + ")";
    }
}
