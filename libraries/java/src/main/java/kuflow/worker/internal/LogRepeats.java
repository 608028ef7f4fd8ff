package kuflow.worker.internal;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Remembers failures, and reports once per minute how often each of them happened again. */
final class LogRepeats {

    /** How long a failure is remembered after the last time it happened. */
    private static final Duration MEMORY = Duration.ofMinutes(10);

    private static final int MAX_FAILURES = 1_000;
    private static final int MAX_LENGTH = 500;

    private static final class Failure {
        private Instant lastAt = Instant.EPOCH;
        private int times;
        private @Nullable LogLine line;
    }

    /** The failure that happened last is the last one. */
    private final Map<String, Failure> failures = new LinkedHashMap<>();

    private final InstantSource clock;
    private final Executor afterMinute;
    private final Consumer<LogLine> report;
    private boolean isScheduled;

    /** @param afterMinute runs a task after a minute */
    LogRepeats(InstantSource clock, Executor afterMinute, Consumer<LogLine> report) {
        this.clock = clock;
        this.afterMinute = afterMinute;
        this.report = report;
    }

    /** Counts a failure that has happened before in the same process. Returns false for others, which must be logged. */
    synchronized boolean isRepeated(String key, String processId, LogLine line) {
        boolean isNew = isNew(key);
        boolean isNewInProcess = isNew(key + " " + processId);
        Failure counted = failures.get(key);
        if (isNew || isNewInProcess || counted == null) {
            return false;
        }
        counted.times++;
        counted.line = line;
        return true;
    }

    /** Whether something was not logged lately. */
    synchronized boolean isNew(String key) {
        Failure known = failures.remove(key);
        Failure failure = known == null ? new Failure() : known;
        failure.lastAt = clock.instant();
        failures.put(key, failure);
        if (failures.size() > MAX_FAILURES) {
            Iterator<Failure> oldest = failures.values().iterator();
            reportAgain(oldest.next());
            oldest.remove();
        }
        schedule();
        return known == null;
    }

    /** The same failure may name another item, port or time. */
    static String withoutIds(String text) {
        return text.substring(0, Math.min(text.length(), MAX_LENGTH))
                .replaceAll("(?i)[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}", "#")
                .replaceAll("\\d+", "#");
    }

    private void schedule() {
        if (!isScheduled && !failures.isEmpty()) {
            isScheduled = true;
            afterMinute.execute(this::tick);
        }
    }

    private synchronized void tick() {
        Instant forgotten = clock.instant().minus(MEMORY);
        failures.values().forEach(this::reportAgain);
        failures.values().removeIf(failure -> !failure.lastAt.isAfter(forgotten));
        isScheduled = false;
        schedule();
    }

    /** What it reports is written to the log, but not remembered again. */
    private void reportAgain(Failure failure) {
        if (failure.line != null) {
            report.accept(failure.line.repeated(failure.times, clock.instant()));
            failure.line = null;
            failure.times = 0;
        }
    }
}
