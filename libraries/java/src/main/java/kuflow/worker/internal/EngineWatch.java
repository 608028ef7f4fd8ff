package kuflow.worker.internal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a connected engine every 20 s whether it still answers, unless it does not allow that the first time. */
final class EngineWatch {

    private static final Logger LOGGER = LoggerFactory.getLogger(EngineWatch.class);

    private static final Duration INTERVAL = Duration.ofSeconds(20);
    private static final Duration MAX_SILENCE = Duration.ofSeconds(60);

    private final Supplier<Optional<String>> ask;
    private final Clock clock;
    private final WorkerMetrics metrics;

    private volatile Instant answeredAt;
    private boolean isReachable = true;
    private volatile boolean isWatching = true;
    private boolean isAllowed;

    /** @param ask calls the engine, and returns the name of its status if the engine does not allow this call */
    EngineWatch(Supplier<Optional<String>> ask, Clock clock, WorkerMetrics metrics) {
        this.ask = ask;
        this.clock = clock;
        this.answeredAt = clock.instant();
        this.metrics = metrics;
        metrics.engineReachable(true);
    }

    /** Asks the engine. Returns the pause until the next check. */
    Duration check() {
        if (!isWatching) {
            return INTERVAL;
        }
        boolean wasReachable = isReachable;
        try {
            // Something in front of the engine may deny the call later, in an outage. Then ask again.
            if (ask.get().isEmpty()) {
                isAllowed = true;
            } else if (!isAllowed) {
                isWatching = false;
            }
            answeredAt = clock.instant();
            isReachable = true;
            if (!wasReachable) {
                LOGGER.info("The engine is reachable again");
            }
        } catch (RuntimeException error) {
            // Not a failure: the worker is shutting down.
            if (Thread.currentThread().isInterrupted()) {
                return INTERVAL;
            }
            isReachable = false;
            if (wasReachable) {
                LOGGER.warn("The engine is not responding", error);
            }
        }
        metrics.engineReachable(isReachable);
        return INTERVAL;
    }

    /** Why the engine counts as unreachable. */
    Optional<String> problem() {
        Duration silence = Duration.between(answeredAt, clock.instant());
        return isWatching && silence.compareTo(MAX_SILENCE) >= 0
                ? Optional.of("no answer from the engine for " + silence.toSeconds() + " s")
                : Optional.empty();
    }
}
