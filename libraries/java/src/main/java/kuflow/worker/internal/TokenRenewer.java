package kuflow.worker.internal;

import io.grpc.Status;
import io.temporal.authorization.AuthorizationTokenSupplier;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Supplies the engine token to each call of Temporal's SDK, and renews it in time. Callers wait only if the token has expired, and
 * share one request then.
 */
final class TokenRenewer implements AuthorizationTokenSupplier {

    private static final Logger LOGGER = LoggerFactory.getLogger(TokenRenewer.class);

    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration CLOCK_CHECK_INTERVAL = Duration.ofSeconds(30);

    private final Supplier<EngineToken> request;
    private final Clock clock;
    private final WorkerMetrics metrics;

    private volatile @Nullable EngineToken current;
    private volatile @Nullable RuntimeException lastError;
    private volatile Instant dueAt = Instant.MIN;
    private int failuresInARow;
    private int expiredChecks;

    TokenRenewer(Supplier<EngineToken> request, Clock clock, WorkerMetrics metrics) {
        this.request = request;
        this.clock = clock;
        this.metrics = metrics;
    }

    /** Requests the first token. */
    void start() {
        current = request();
    }

    /** Renews the token if that is due. Returns the pause until the next check. */
    Duration renewIfDue() {
        renew(false);
        Duration pause = Duration.between(clock.instant(), dueAt);
        // Checks the wall clock regularly instead of sleeping for long, so that a laptop renews as soon as it wakes up.
        return pause.compareTo(CLOCK_CHECK_INTERVAL) < 0 ? pause : CLOCK_CHECK_INTERVAL;
    }

    @Override
    public String supply() {
        if (!isValid()) {
            renew(true);
        }
        EngineToken token = current;
        if (token == null || !token.isValid(clock.instant())) {
            // Temporal's SDK repeats the call. The engine would answer UNAUTHENTICATED, which the SDK treats as final:
            // the results of completed activities would be lost.
            throw Status.UNAVAILABLE
                    .withDescription("The engine token expired and could not be renewed")
                    .withCause(lastError)
                    .asRuntimeException();
        }
        return "Bearer " + token.value().reveal();
    }

    boolean isValid() {
        EngineToken token = current;
        return token != null && token.isValid(clock.instant());
    }

    /**
     * How many calls in a row, including this one, found the token expired. With calls at regular intervals, that is the time in which it
     * could not be renewed, without the time in which a laptop slept: it can renew the token when it wakes up.
     */
    int countExpiredChecks() {
        expiredChecks = isValid() ? 0 : expiredChecks + 1;
        return expiredChecks;
    }

    /** Why the last request failed, or null after a successful one. */
    @Nullable
    RuntimeException lastError() {
        return lastError;
    }

    /** The lock makes concurrent callers share one request: the next ones find its token, or the pause after its failure. */
    private synchronized void renew(boolean onlyIfExpired) {
        Instant now = clock.instant();
        if (now.isBefore(dueAt) || (onlyIfExpired && isValid())) {
            return;
        }
        try {
            EngineToken token = request();
            current = token;
            LOGGER.atDebug()
                    .addKeyValue(
                            "seconds", Duration.between(now, token.expiresAt()).toSeconds())
                    .log("Engine token renewed");
        } catch (RuntimeException error) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            failuresInARow++;
            Duration pause = backOff();
            dueAt = clock.instant().plus(pause);
            LOGGER.atWarn()
                    .setCause(error)
                    .addKeyValue("seconds", pause.plusMillis(999).toSeconds())
                    .log("Could not renew the engine token");
        }
    }

    private synchronized EngineToken request() {
        try {
            EngineToken token = request.get();
            lastError = null;
            failuresInARow = 0;
            dueAt = token.renewalTime();
            metrics.tokenIssued(token.receivedAt());
            return token;
        } catch (RuntimeException error) {
            lastError = error;
            // An interrupted request is not a failure: the worker is shutting down.
            if (!Thread.currentThread().isInterrupted()) {
                metrics.tokenRenewalFailed();
            }
            throw error;
        }
    }

    /** The pause before the next attempt. Doubles each time, but allows several attempts while the token is still valid. */
    private Duration backOff() {
        EngineToken token = current;
        Duration left = token == null ? Duration.ZERO : Duration.between(clock.instant(), token.expiresAt());
        long limit = left.isNegative() || left.isZero() ? 5_000 : left.toMillis() / 4;
        long maxPause = Math.max(SECOND.toMillis(), Math.min(30_000, limit));
        long doubled = SECOND.toMillis() << Math.min(failuresInARow - 1, 10);
        double jitter = 0.5 + ThreadLocalRandom.current().nextDouble() / 2;
        return Duration.ofMillis(Math.round(Math.min(maxPause, doubled) * jitter));
    }
}
