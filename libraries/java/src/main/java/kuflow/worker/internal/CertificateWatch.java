package kuflow.worker.internal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;
import kuflow.worker.internal.EngineIdentity.Source;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces the engine certificate while the worker runs. A certificate from KuFlow is requested again after two thirds of its
 * lifetime. Files are read again every 30 seconds; if they have changed and are valid, the worker moves to them.
 */
final class CertificateWatch {

    private static final Logger LOGGER = LoggerFactory.getLogger(CertificateWatch.class);

    private static final Duration CHECK_INTERVAL = Duration.ofSeconds(30);
    private static final long MIN_PAUSE_MILLIS = 100;
    private static final Duration PAUSE_AFTER_REPLACEMENT = Duration.ofSeconds(10);

    private final Supplier<EngineIdentity> request;
    private final Supplier<WorkerSettings> reloadSettings;
    private final Consumer<EngineIdentity> replace;
    private final Clock clock;
    private final WorkerMetrics metrics;

    private EngineIdentity identity;
    private Instant retryAt = Instant.MIN;
    private int failures;
    private boolean warned;

    /**
     * @param reloadSettings reads the settings again, to detect files that were replaced
     * @param replace moves the worker to another identity, or throws an exception
     */
    CertificateWatch(
            EngineIdentity identity,
            Supplier<EngineIdentity> request,
            Supplier<WorkerSettings> reloadSettings,
            Consumer<EngineIdentity> replace,
            Clock clock,
            WorkerMetrics metrics) {
        this.identity = identity;
        this.request = request;
        this.reloadSettings = reloadSettings;
        this.replace = replace;
        this.clock = clock;
        this.metrics = metrics;
    }

    /** Replaces the certificate if that is due. Returns the pause until the next check. */
    Duration check() {
        try {
            EngineIdentity next = findReplacement();
            if (next != null) {
                replaceWith(next);
            }
        } catch (RuntimeException error) {
            // Not a failure: the worker is shutting down.
            if (Thread.currentThread().isInterrupted()) {
                return Duration.ZERO;
            }
            failures++;
            double jitter = 0.5 + ThreadLocalRandom.current().nextDouble() / 2;
            long pause = Math.round(Math.min(60_000, 1_000L << Math.min(failures, 10)) * jitter);
            retryAt = clock.instant().plusMillis(pause);
            LOGGER.atWarn()
                    .setCause(error)
                    .addKeyValue("seconds", (pause + 999) / 1_000)
                    .log("Could not replace the engine certificate");
        }
        metrics.certificateExpires(identity.validTo());
        boolean isOverdue = clock.instant().isAfter(identity.renewalTime());
        metrics.certificateRenewalOverdue(isOverdue);
        if (isOverdue && !warned && identity.source() != Source.API) {
            warned = true;
            LOGGER.atWarn()
                    .addKeyValue("seconds", secondsLeft())
                    .addKeyValue(
                            "hint", "Replace the files of temporal.mutual-tls. The worker uses them within 30 seconds")
                    .log("The engine certificate is past two thirds of its lifetime and has not been replaced");
        }
        if (identity.source() != Source.API) {
            return CHECK_INTERVAL;
        }
        long pause = Duration.between(clock.instant(), dueAt()).toMillis();
        return Duration.ofMillis(Math.max(MIN_PAUSE_MILLIS, Math.min(pause, CHECK_INTERVAL.toMillis())));
    }

    private @Nullable EngineIdentity findReplacement() {
        if (identity.source() == Source.API) {
            return clock.instant().isBefore(dueAt()) ? null : request.get();
        }
        // Only files can be replaced. Reading the settings again may call other systems, such as Vault.
        if (identity.source() == Source.DATA) {
            return null;
        }
        return EngineIdentity.fromSettings(reloadSettings.get(), clock.instant())
                .filter(configured -> !configured.equals(identity))
                .orElse(null);
    }

    private void replaceWith(EngineIdentity next) {
        // With a certificate for another namespace, the engine would reject the worker's polls or return no tasks.
        if (!next.namespace().equals(identity.namespace())) {
            throw new IllegalStateException(
                    "The new certificate is for the namespace %s, but this worker polls %s. Restart the worker"
                            .formatted(next.namespace(), identity.namespace()));
        }
        replace.accept(next);
        identity = next;
        failures = 0;
        // A new certificate may already be due for renewal. Do not request one after the other without a pause.
        retryAt = clock.instant().plus(PAUSE_AFTER_REPLACEMENT);
        warned = false;
        LOGGER.atInfo().addKeyValue("seconds", secondsLeft()).log("Engine certificate replaced");
    }

    private Instant dueAt() {
        Instant renewalTime = identity.renewalTime();
        return renewalTime.isAfter(retryAt) ? renewalTime : retryAt;
    }

    private long secondsLeft() {
        return Duration.between(clock.instant(), identity.validTo()).toSeconds();
    }
}
