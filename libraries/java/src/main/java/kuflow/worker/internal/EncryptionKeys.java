package kuflow.worker.internal;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriUtils;

/**
 * The keys of confidential processes. A key is requested from KuFlow once, however many callers wait for it, and is kept in memory for
 * an hour after its last use. A failed request is not kept.
 */
public final class EncryptionKeys implements Function<String, SecretKey> {

    /** Less than the 10 s that Temporal gives a workflow task, because the key is requested inside it. */
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(7);

    /** How long workflow code may wait, which includes the request of a key. Otherwise Temporal assumes a deadlock. */
    public static final Duration DEADLOCK_TIMEOUT = REQUEST_TIMEOUT.plusSeconds(2);

    private static final Duration KEPT = Duration.ofHours(1);
    private static final int KEY_BYTES = 32;

    private final RestClient rest;
    private final InstantSource clock;
    private final Map<String, Entry> entries = new HashMap<>();

    private record KmsKey(byte @Nullable [] value) {}

    private static final class Entry {

        private final CompletableFuture<SecretKey> key;
        private Instant lastUsed = Instant.MIN;

        Entry(CompletableFuture<SecretKey> key) {
            this.key = key;
        }
    }

    public EncryptionKeys(RestClient rest) {
        this(rest, InstantSource.system());
    }

    EncryptionKeys(RestClient rest, InstantSource clock) {
        this.rest = rest;
        this.clock = clock;
    }

    /**
     * Returns the key with this ID.
     *
     * @throws EncryptionError if KuFlow does not return the key
     */
    @Override
    public SecretKey apply(String id) {
        try {
            return find(id).get();
        } catch (ExecutionException failed) {
            throw unavailable(id, failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw unavailable(id, interrupted);
        }
    }

    private synchronized CompletableFuture<SecretKey> find(String id) {
        Instant now = clock.instant();
        entries.values()
                .removeIf(entry -> entry.key.isCompletedExceptionally()
                        || (entry.key.isDone() && !now.isBefore(entry.lastUsed.plus(KEPT))));
        Entry entry = entries.computeIfAbsent(id, this::request);
        entry.lastUsed = now;
        return entry.key;
    }

    /** In its own thread, so that a canceled activity does not end the request that others wait for. */
    private Entry request(String id) {
        return new Entry(CompletableFuture.supplyAsync(() -> retrieve(id), work -> Daemons.start("kuflow-key", work)));
    }

    private SecretKey retrieve(String id) {
        String path = "/kms/keys/" + UriUtils.encode(id, StandardCharsets.UTF_8);
        RestRequest request = RestRequest.of("retrieveKmsKey", "GET", path).timeout(REQUEST_TIMEOUT);
        KmsKey key = rest.call(request, KmsKey.class).body();
        if (key == null || key.value() == null || key.value().length != KEY_BYTES) {
            throw new IllegalStateException("the response is not a key of " + KEY_BYTES + " bytes");
        }
        return new SecretKeySpec(key.value(), "AES");
    }

    /** The error for a key that cannot be read for this reason. */
    public static EncryptionError unavailable(String id, @Nullable Throwable cause) {
        String reason = cause == null || cause.getMessage() == null ? "interrupted" : cause.getMessage();
        return new EncryptionError("Could not read the encryption key " + id + ": " + reason, cause);
    }
}
