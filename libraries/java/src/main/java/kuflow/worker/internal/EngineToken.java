package kuflow.worker.internal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import org.jspecify.annotations.Nullable;

/** A bearer token for the engine. Its times are by the clock of this machine. */
record EngineToken(Secret value, Instant receivedAt, Instant expiresAt) {

    private static final Duration FALLBACK_LIFE = Duration.ofMinutes(5);
    private static final Duration MAX_LIFE = Duration.ofDays(366);
    private static final Duration MIN_RENEWAL = Duration.ofSeconds(1);
    private static final Duration MAX_RENEWAL = Duration.ofMinutes(10);

    /** A token with a missing, past or implausible {@code expiredAt} is assumed to be valid for five minutes. */
    static EngineToken of(String token, @Nullable String expiredAt, Clock clock) {
        Instant now = clock.instant();
        Duration life = parseLife(expiredAt, now);
        boolean isPlausible = !life.isNegative() && !life.isZero() && life.compareTo(MAX_LIFE) <= 0;
        return new EngineToken(Secret.of(token), now, now.plus(isPlausible ? life : FALLBACK_LIFE));
    }

    /** A tenth of the lifetime after it was received, but no sooner than one second and no later than ten minutes. */
    Instant renewalTime() {
        Duration tenth = Duration.between(receivedAt, expiresAt).dividedBy(10);
        Duration atMost = tenth.compareTo(MAX_RENEWAL) < 0 ? tenth : MAX_RENEWAL;
        return receivedAt.plus(atMost.compareTo(MIN_RENEWAL) > 0 ? atMost : MIN_RENEWAL);
    }

    boolean isValid(Instant now) {
        return now.isBefore(expiresAt);
    }

    private static Duration parseLife(@Nullable String expiredAt, Instant now) {
        try {
            return expiredAt == null
                    ? Duration.ZERO
                    : Duration.between(now, OffsetDateTime.parse(expiredAt).toInstant());
        } catch (DateTimeParseException invalid) {
            return Duration.ZERO;
        }
    }
}
