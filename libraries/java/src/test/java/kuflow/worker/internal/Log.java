package kuflow.worker.internal;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import org.slf4j.LoggerFactory;

/** A log in memory, whose clock only the test moves. */
final class Log {

    /** The package of the project. */
    static final String PROJECT = "com.example.loan";

    /** What runs after a minute. */
    final List<Runnable> pending = new ArrayList<>();

    private final List<String> written = new CopyOnWriteArrayList<>();
    private final WorkerLogFormatter formatter;
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    Log() {
        this(LogFormat.JSON, false);
    }

    Log(LogFormat format, boolean development) {
        formatter = new WorkerLogFormatter(
                format,
                development,
                PROJECT,
                () -> now,
                pending::add,
                line -> written.add(format == LogFormat.JSON ? line.toJson() : line.toText()));
    }

    void write(Consumer<Logger> code) {
        Logger logger = (Logger) LoggerFactory.getLogger("test");
        capture(logger, Level.TRACE, () -> code.accept(logger));
    }

    /** Adds what a logger of this JVM writes while some code runs. */
    void capture(Logger logger, Level level, Runnable code) {
        Level before = logger.getLevel();
        AppenderBase<ILoggingEvent> appender = appender(logger.getLoggerContext());
        logger.addAppender(appender);
        logger.setAdditive(false);
        logger.setLevel(level);
        try {
            code.run();
        } finally {
            logger.detachAppender(appender);
            logger.setAdditive(true);
            logger.setLevel(before);
        }
    }

    void passMinutes(int minutes) {
        for (int minute = 0; minute < minutes; minute++) {
            now = now.plus(Duration.ofMinutes(1));
            List<Runnable> due = List.copyOf(pending);
            pending.clear();
            due.forEach(Runnable::run);
        }
    }

    String text() {
        return String.join("", written);
    }

    List<Map<String, Object>> lines() {
        return text().lines().map(Log::parse).toList();
    }

    List<Map<String, Object>> json(Consumer<Logger> code) {
        write(code);
        return lines();
    }

    static Map<String, Object> parse(String line) {
        try {
            return new ObjectMapper().readValue(line, new TypeReference<>() {});
        } catch (JsonProcessingException invalid) {
            throw new UncheckedIOException(invalid);
        }
    }

    private AppenderBase<ILoggingEvent> appender(LoggerContext context) {
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                ((LoggingEvent) event).setInstant(now);
                written.add(formatter.format(event));
            }
        };
        appender.setContext(context);
        appender.start();
        return appender;
    }
}
