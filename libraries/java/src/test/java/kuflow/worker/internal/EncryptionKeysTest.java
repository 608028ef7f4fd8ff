package kuflow.worker.internal;

import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the keys of confidential processes")
class EncryptionKeysTest {

    private static final byte[] KEY = new byte[32];

    private final LoopbackServer server = new LoopbackServer();
    private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final EncryptionKeys keys = new EncryptionKeys(
            new RestClient(TestSettings.of(server.endpoint()), new WorkerMetrics(new SimpleMeterRegistry())),
            () -> now);

    @AfterEach
    void stop() {
        server.close();
    }

    private static String response(byte[] key) {
        return "{\"id\": \"k\", \"value\": \"%s\"}"
                .formatted(Base64.getEncoder().encodeToString(key));
    }

    @Test
    @DisplayName("are requested once, however many callers wait")
    void once() throws Exception {
        CountDownLatch requested = new CountDownLatch(1);
        CountDownLatch answered = new CountDownLatch(1);
        server.on("GET /kms/keys/k", exchange -> {
            requested.countDown();
            try {
                answered.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
            responds(200, response(KEY)).handle(exchange);
        });
        ExecutorService callers = Executors.newCachedThreadPool();
        List<CompletableFuture<SecretKey>> found = Stream.generate(
                        () -> CompletableFuture.supplyAsync(() -> keys.apply("k"), callers))
                .limit(8)
                .toList();
        assertThat(requested.await(60, TimeUnit.SECONDS)).isTrue();
        answered.countDown();
        for (CompletableFuture<SecretKey> key : found) {
            assertThat(key.get(60, TimeUnit.SECONDS).getEncoded()).isEqualTo(KEY);
        }
        callers.shutdown();
        assertThat(server.calls()).containsExactly("GET /kms/keys/k");
    }

    @Test
    @DisplayName("are kept for an hour after their last use")
    void kept() {
        server.on("GET /kms/keys/k", responds(200, response(KEY)));
        keys.apply("k");
        for (int use = 0; use < 3; use++) {
            now = now.plus(Duration.ofMinutes(59));
            keys.apply("k");
        }
        assertThat(server.calls()).hasSize(1);

        now = now.plus(Duration.ofHours(1));
        keys.apply("k");
        assertThat(server.calls()).hasSize(2);
    }

    @Test
    @DisplayName("are requested again after a failure, which is reported with its reason")
    void failure() {
        server.on("GET /kms/keys/k", responds(403, "{\"message\": \"No role in the process\"}"));
        assertThatThrownBy(() -> keys.apply("k"))
                .isInstanceOf(EncryptionError.class)
                .hasMessageStartingWith("Could not read the encryption key k: GET ")
                .hasMessageEndingWith("/kms/keys/k: 403 No role in the process");
        server.on("GET /kms/keys/k", responds(200, response(new byte[31])));
        assertThatThrownBy(() -> keys.apply("k")).hasMessageEndingWith("is not a key of 32 bytes");

        server.on("GET /kms/keys/k", responds(200, response(KEY)));
        assertThat(keys.apply("k").getEncoded()).isEqualTo(KEY);
    }

    @Test
    @DisplayName("may have any ID")
    void anyId() {
        server.on("GET /kms/keys/kf%2Ftenant-1%2F2026%20%C3%BC", responds(200, response(KEY)));
        assertThat(keys.apply("kf/tenant-1/2026 ü").getEncoded()).isEqualTo(KEY);
    }
}
