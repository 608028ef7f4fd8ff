package kuflow.worker.internal.operation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import io.temporal.common.converter.DataConverterException;
import io.temporal.failure.TemporalFailure;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How the log describes exceptions. */
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
            "EngineConnectException",
            "TimeoutException");

    private static final int MAX_CAUSES = 5;
    private static final Pattern QUOTED = Pattern.compile("([\"']).*\\1");

    private LogErrors() {}

    /** Names and messages of an exception and its causes. Leaves out the details, which may contain form data. */
    public static String describe(Throwable error) {
        List<String> parts = new ArrayList<>();
        for (Throwable at : withCauses(error)) {
            String text = textOf(at);
            if (parts.stream().noneMatch(part -> part.endsWith(text))) {
                parts.add(nameAndText(at));
            }
        }
        return LogText.escape(String.join(" <- ", parts));
    }

    /** The frames of an exception and its causes that match. */
    static String stackOf(Throwable error, Predicate<StackTraceElement> isShown) {
        List<String> parts = new ArrayList<>();
        for (Throwable at : withCauses(error)) {
            String frames = Arrays.stream(at.getStackTrace())
                    .filter(isShown)
                    .map(frame -> "    at " + frame)
                    .collect(Collectors.joining("\n"));
            if (!frames.isEmpty()) {
                String cause = nameAndText(at).lines().findFirst().orElse("");
                parts.add(at == error ? frames : "  caused by " + cause + "\n" + frames);
            }
        }
        return LogText.escape(String.join("\n", parts));
    }

    private static List<Throwable> withCauses(Throwable error) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable at = error; at != null && chain.size() < MAX_CAUSES; at = at.getCause()) {
            chain.add(at);
        }
        return chain;
    }

    private static String nameAndText(Throwable error) {
        String name = error.getClass().getSimpleName();
        String text = textOf(error);
        return PLAIN_ERRORS.contains(name) || text.equals(name) ? text : name + ": " + text;
    }

    private static String textOf(Throwable error) {
        String text = messageOf(error);
        return text == null || text.isBlank() ? error.getClass().getSimpleName() : text;
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
