package kuflow.worker.internal;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.event.KeyValuePair;
import org.slf4j.event.Level;
import org.springframework.boot.logging.structured.StructuredLogFormatter;
import org.springframework.core.env.Environment;

/**
 * The log of this worker and its libraries: JSON lines, or readable lines for a terminal. Logs a failure in full once, and then how
 * often it happens again.
 */
public final class WorkerLogFormatter implements StructuredLogFormatter<ILoggingEvent> {

    static final String FORMAT = "kuflow.operation.log-format";
    static final String DEVELOPMENT = "kuflow.operation.development";

    static final String APPLICATION_PACKAGE = "kuflow.operation.application-package";

    static final String LIBRARY_PACKAGE = "kuflow.worker";

    private static final String NOTHING = "";
    private static final String REPEATED = "repeated";

    /** Temporal's SDK logs the commands of a workflow, which contain its data, if it cannot report them. */
    private static final Pattern COMMANDS = Pattern.compile(", WFTResult=.*", Pattern.DOTALL);

    private static final Pattern NON_DETERMINISM =
            Pattern.compile("TMPRL1100|non-?determinis[mt]", Pattern.CASE_INSENSITIVE);
    private static final String NON_DETERMINISM_HINT =
            "The workflow code no longer matches the history of a running process. "
                    + "In development, undo the change, or cancel the process and start another one. "
                    + "In production, keep the old path behind Workflow.getVersion; "
                    + "see \"Change a running workflow\" in README.md.";

    private final LogFormat format;
    private final boolean development;
    private final String applicationPackage;
    private final LogRepeats repeats;

    /** Spring Boot calls this. */
    public WorkerLogFormatter(Environment environment) {
        this(
                environment.getRequiredProperty(FORMAT, LogFormat.class),
                environment.getRequiredProperty(DEVELOPMENT, Boolean.class),
                environment.getRequiredProperty(APPLICATION_PACKAGE),
                InstantSource.system(),
                CompletableFuture.delayedExecutor(1, TimeUnit.MINUTES),
                WorkerLogFormatter::log);
    }

    /** @param development whether stacks are complete, or have only the frames of the project and of this library */
    WorkerLogFormatter(
            LogFormat format,
            boolean development,
            String applicationPackage,
            InstantSource clock,
            Executor afterMinute,
            Consumer<LogLine> logRepeated) {
        this.format = format;
        this.development = development;
        this.applicationPackage = applicationPackage;
        this.repeats = new LogRepeats(clock, afterMinute, logRepeated);
    }

    /** Formats an error of the start, before Spring has set up the log. */
    public static String formatError(LogFormat format, String message, Map<String, Object> fields) {
        return print(format, new LogLine(Instant.now(), Level.ERROR, LIBRARY_PACKAGE, message, fields, null, null));
    }

    @Override
    public String format(ILoggingEvent event) {
        LogLine repeated = repeatedLine(event);
        if (repeated != null) {
            return print(format, repeated);
        }
        Level level = Level.valueOf(event.getLevel().toString());
        if (mayContainData(event.getLoggerName(), level)) {
            return NOTHING;
        }
        Throwable thrown = event.getThrowableProxy() instanceof ThrowableProxy proxy ? proxy.getThrowable() : null;
        Map<String, Object> added = LogFields.of(event);
        boolean isInActivity = added.containsKey("activityType");
        LogLine line = new LogLine(
                event.getInstant(),
                level,
                event.getLoggerName(),
                LogText.escape(COMMANDS.matcher(event.getFormattedMessage()).replaceFirst("")),
                added,
                thrown == null ? null : LogErrors.describe(thrown, isInActivity),
                null);
        if (thrown == null) {
            return print(format, line);
        }
        String stack = LogErrors.stackOf(thrown, isInActivity, frame -> development || isOwn(frame));
        if (level.toInt() >= Level.WARN.toInt()) {
            String place = stack.lines().findFirst().orElse("");
            Map<String, Object> fields = line.fields();
            String failure = LogRepeats.withoutIds("%s %s %s %s"
                    .formatted(line.message(), fields.get("workflowType"), fields.get("activityType"), line.error()));
            if (repeats.isRepeated(failure + place, String.valueOf(fields.get("processId")), line)) {
                return NOTHING;
            }
            // The same error has the same stack in another process.
            if (!repeats.isNew(LogRepeats.withoutIds(String.valueOf(line.error())) + place)) {
                stack = "";
            }
        }
        String text = print(format, stack.isEmpty() ? line : line.withStack(stack));
        return isNonDeterminism(line) ? text + print(format, hint(line)) : text;
    }

    /** Temporal's SDK and gRPC log whole messages on their lowest levels. */
    private static boolean mayContainData(String logger, Level level) {
        return (logger.startsWith("io.temporal.") && level == Level.TRACE)
                || (logger.startsWith("io.grpc.") && level.toInt() < Level.INFO.toInt());
    }

    private boolean isOwn(StackTraceElement frame) {
        String name = frame.getClassName();
        return (name.startsWith(applicationPackage + ".") || name.startsWith(LIBRARY_PACKAGE + "."))
                && frame.getLineNumber() > 0;
    }

    private static boolean isNonDeterminism(LogLine line) {
        return NON_DETERMINISM.matcher(line.message() + " " + line.error()).find();
    }

    private static LogLine hint(LogLine line) {
        Map<String, Object> fields = new LinkedHashMap<>(line.fields());
        fields.put("hint", NON_DETERMINISM_HINT);
        return new LogLine(line.time(), Level.ERROR, line.logger(), "Non-determinism error", fields, null, null);
    }

    private static String print(LogFormat format, LogLine line) {
        return format == LogFormat.JSON ? line.toJson() : line.toText();
    }

    /** Logs through a logger, because only the log knows its output. */
    private static void log(LogLine line) {
        LoggerFactory.getLogger(line.logger())
                .atLevel(line.level())
                .addKeyValue(REPEATED, line)
                .log(line.message());
    }

    private static @Nullable LogLine repeatedLine(ILoggingEvent event) {
        if (event.getKeyValuePairs() == null) {
            return null;
        }
        for (KeyValuePair pair : event.getKeyValuePairs()) {
            if (pair.value instanceof LogLine line) {
                return line;
            }
        }
        return null;
    }
}
