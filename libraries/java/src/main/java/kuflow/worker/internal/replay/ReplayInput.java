package kuflow.worker.internal.replay;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.api.history.v1.History;
import io.temporal.common.WorkflowExecutionHistory;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.SecretKey;
import kuflow.worker.internal.operation.LogErrors;
import kuflow.worker.internal.operation.WorkerMetrics;
import kuflow.worker.internal.payload.EncryptionError;
import kuflow.worker.internal.payload.EncryptionKeys;
import kuflow.worker.internal.payload.Payloads;
import kuflow.worker.internal.rest.KuFlowJson;
import kuflow.worker.internal.rest.RestClient;
import kuflow.worker.internal.settings.WorkerSettings;
import org.jspecify.annotations.Nullable;

/**
 * Replays histories from a stream, one after the other, for {@code kuflow replay}. A history is two blocks, each after its length (4
 * bytes, big-endian): the ID of the process, and a protobuf message {@code temporal.api.history.v1.History}. Nothing else is kept, so that
 * the number of processes does not matter.
 */
public final class ReplayInput {

    /** Begins each line with a result. Everything else on standard output is ignored. */
    private static final String RESULT = "kuflow-replay ";

    private static final int MAX_CAUSES = 10;

    /** What differs between processes that have the same problem, or contains data of a process. */
    private static final Pattern IDS = Pattern.compile(
            "\\[TMPRL\\d+] |[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}|\\b(?:event(?:Id)?|WorkflowId|RunId|workflowTaskStartedEventId)[ =]'?[\\w-]+'?[,:]? ?");

    private static final Pattern NON_DETERMINISM = Pattern.compile("TMPRL1100|NonDeterministic");

    private final HistoryReplay replay;
    private final String basePackage;
    private final PrintStream output;

    private ReplayInput(HistoryReplay replay, String basePackage, PrintStream output) {
        this.replay = replay;
        this.basePackage = basePackage;
        this.output = output;
    }

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
        Function<String, SecretKey> keys = new LazyKeys(load);
        try (HistoryReplay replay = new HistoryReplay(Payloads.converter(Integer.MAX_VALUE, keys), workflows)) {
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
            output.println(RESULT + toJson(describe(id, result)));
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
        Optional<Throwable> unreadable =
                causesOf(failure).filter(EncryptionError.class::isInstance).findFirst();
        described.put("outcome", unreadable.isPresent() ? "unreadable" : "mismatch");
        described.put(
                "reason",
                unreadable
                        .map(error -> LogErrors.describe(error, false))
                        .orElseGet(() -> reasonOf(failure, result.lastItem())));
        return described;
    }

    /** The same for processes that have the same problem, and without data of the process. */
    private String reasonOf(Throwable failure, @Nullable String lastItem) {
        if (failure instanceof ItemsDiffer) {
            return String.valueOf(failure.getMessage());
        }
        String subject = lastItem == null ? "The workflow code" : "After " + lastItem + ", the workflow code";
        Optional<String> difference = causesOf(failure)
                .filter(error -> NON_DETERMINISM.matcher(error.toString()).find())
                .reduce((first, last) -> last)
                .map(error -> String.valueOf(error.getMessage()));
        if (difference.isPresent()) {
            // Names of activities and commands, but no data.
            return subject + " does not match the history: " + withoutIds(difference.get());
        }
        Throwable root = causesOf(failure).reduce((first, last) -> last).orElse(failure);
        String place = Arrays.stream(root.getStackTrace())
                .filter(frame -> frame.getClassName().startsWith(basePackage + "."))
                .findFirst()
                .map(frame -> " at " + frame.getFileName() + ":" + frame.getLineNumber())
                .orElse("");
        return subject + " fails" + place + ": " + withoutIds(LogErrors.describe(root, true));
    }

    private static String withoutIds(String text) {
        return IDS.matcher(text).replaceAll(Matcher.quoteReplacement("")).strip();
    }

    private static Stream<Throwable> causesOf(Throwable error) {
        return Stream.iterate(error, at -> at != null, Throwable::getCause).limit(MAX_CAUSES);
    }

    private static String toJson(Object value) {
        try {
            return KuFlowJson.mapper().writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Connects to KuFlow for the first key. */
    private static final class LazyKeys implements Function<String, SecretKey> {

        private final Supplier<WorkerSettings> load;
        private @Nullable EncryptionKeys keys;

        LazyKeys(Supplier<WorkerSettings> load) {
            this.load = load;
        }

        @Override
        public SecretKey apply(String id) {
            return open().apply(id);
        }

        private synchronized EncryptionKeys open() {
            EncryptionKeys opened = keys;
            if (opened == null) {
                opened = new EncryptionKeys(new RestClient(load.get(), new WorkerMetrics(new SimpleMeterRegistry())));
                keys = opened;
            }
            return opened;
        }
    }
}
