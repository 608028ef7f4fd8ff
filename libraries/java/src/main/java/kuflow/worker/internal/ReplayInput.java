package kuflow.worker.internal;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.api.history.v1.History;
import io.temporal.common.WorkflowExecutionHistory;
import io.temporal.common.converter.DataConverter;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.util.function.SingletonSupplier;

/**
 * Replays histories from a stream, one after the other, for {@code kuflow replay}. A history is two blocks, each after its length (4
 * bytes, big-endian): the ID of the process, and a protobuf message {@code temporal.api.history.v1.History}. Nothing else is kept, so that
 * the number of processes does not matter.
 */
public record ReplayInput(HistoryReplay replay, String basePackage, PrintStream output) {

    /** Begins each line with a result. Everything else on standard output is ignored. */
    private static final String RESULT = "kuflow-replay ";

    /** What differs between processes that have the same problem. */
    private static final Pattern IDS = Pattern.compile("\\[TMPRL\\d+] |[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}"
            + "|(?<=\\bEvent) \\d+|(?<=\\bEventId)=\\d+| with id [\\w-]*");

    /** What Temporal's SDK says about a difference, up to the data of the event. */
    private static final Pattern DIFFERENCE =
            Pattern.compile("NonDeterministicException: .*?\\bduring replay\\. (.*?)\\.?"
                    + "(?: that corresponds to event_id| on check | \\{WorkflowTask|\\n|$)");

    /** The last cause in a stack trace, and its frames. */
    private static final Pattern LAST_CAUSE = Pattern.compile(
            "(?s).*(?:Caused by: |error=)(?<type>[\\w.$]+)(?:: (?<message>.*?))?\\n(?<frames>\\tat .*)");

    private static final Pattern FRAME = Pattern.compile("\\tat (?<name>[\\w.$]+)\\((?<place>[\\w.]+:\\d+)\\)");

    /** An exception of workflow code, from a stack trace. */
    private record CodeFailure(String type, String message, Optional<String> place) {}

    /**
     * Replays all histories, and prints a line with the result of each.
     *
     * @param load reads the settings, which only confidential processes need
     * @param basePackage the package of the project
     */
    public static void run(
            Supplier<WorkerSettings> load,
            List<Class<?>> workflows,
            String basePackage,
            InputStream input,
            PrintStream output)
            throws IOException {
        DataConverter converter = Payloads.converter(Integer.MAX_VALUE, keys(load));
        try (HistoryReplay replay = new HistoryReplay(converter, workflows)) {
            new ReplayInput(replay, basePackage, output).run(new DataInputStream(input));
        }
    }

    private void run(DataInputStream input) throws IOException {
        for (byte @Nullable [] block = readBlock(input); block != null; block = readBlock(input)) {
            String id = new String(block, StandardCharsets.UTF_8);
            byte[] history = readBlock(input);
            if (history == null) {
                throw new EOFException("The histories are incomplete");
            }
            HistoryReplay.Result result = replay.replay(new WorkflowExecutionHistory(History.parseFrom(history), id));
            output.println(RESULT + KuFlowJson.write(describe(id, result)));
        }
    }

    private static byte @Nullable [] readBlock(DataInputStream input) throws IOException {
        try {
            byte[] block = new byte[input.readInt()];
            input.readFully(block);
            return block;
        } catch (EOFException end) {
            return null;
        }
    }

    private Map<String, String> describe(String id, HistoryReplay.Result result) {
        Map<String, String> described = new LinkedHashMap<>();
        described.put("id", id);
        Throwable failure = result.failure();
        if (failure == null) {
            described.put("outcome", "match");
            return described;
        }
        String unreadable = unreadableReason(failure);
        described.put("outcome", unreadable == null ? "mismatch" : "unreadable");
        described.put("reason", unreadable == null ? mismatchReason(failure, result.lastItem()) : unreadable);
        return described;
    }

    private @Nullable String unreadableReason(Throwable failure) {
        if (failure instanceof EncryptionError error) {
            return LogErrors.describe(error, false);
        }
        CodeFailure code = codeFailure(failure);
        return code.type().equals(EncryptionError.class.getName()) ? code.message() : null;
    }

    /** The same for processes that have the same problem, and without data of the process. */
    private String mismatchReason(Throwable failure, @Nullable String lastItem) {
        if (failure instanceof HistoryReplay.ItemsDiffer) {
            return String.valueOf(failure.getMessage());
        }
        String subject = lastItem == null ? "The workflow code" : "After " + lastItem + ", the workflow code";
        Matcher difference = DIFFERENCE.matcher(textOf(failure));
        if (difference.find()) {
            return subject + " does not match the history: "
                    + IDS.matcher(difference.group(1)).replaceAll("");
        }
        CodeFailure code = codeFailure(failure);
        String name = code.type().substring(code.type().lastIndexOf('.') + 1);
        String place = code.place().map(at -> " at " + at).orElse("");
        String message = IDS.matcher(Redaction.redact(code.message(), null)).replaceAll("…");
        return subject + " fails" + place + ": " + name + ": " + message;
    }

    /** Temporal's SDK only passes on the stack trace of what workflow code throws. */
    private CodeFailure codeFailure(Throwable failure) {
        Matcher cause = LAST_CAUSE.matcher(textOf(failure));
        if (!cause.matches()) {
            return new CodeFailure(
                    failure.getClass().getName(), String.valueOf(failure.getMessage()), Optional.empty());
        }
        Optional<String> place = FRAME.matcher(cause.group("frames"))
                .results()
                .filter(frame -> frame.group(1).startsWith(basePackage + "."))
                .map(frame -> frame.group(2))
                .findFirst();
        return new CodeFailure(cause.group("type"), Objects.requireNonNullElse(cause.group("message"), ""), place);
    }

    private static String textOf(Throwable failure) {
        return String.valueOf(NestedExceptionUtils.getMostSpecificCause(failure).getMessage());
    }

    /** Connects to KuFlow for the first key. */
    private static Function<String, SecretKey> keys(Supplier<WorkerSettings> load) {
        SingletonSupplier<EncryptionKeys> keys = SingletonSupplier.of(
                () -> new EncryptionKeys(new RestClient(load.get(), new WorkerMetrics(new SimpleMeterRegistry()))));
        return id -> {
            try {
                return keys.obtain().apply(id);
            } catch (SettingsException invalid) {
                throw EncryptionKeys.unavailable(id, invalid);
            }
        };
    }
}
