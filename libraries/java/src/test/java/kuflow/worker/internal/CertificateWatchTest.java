package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import kuflow.worker.Logged;
import kuflow.worker.internal.EngineIdentity.Source;
import kuflow.worker.internal.TestAuthority.Pair;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the certificate watch")
class CertificateWatchTest {

    private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    private static final TestAuthority AUTHORITY = new TestAuthority("Test CA");

    private final TestClock clock = new TestClock(NOW);
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<String> used = new ArrayList<>();

    @TempDir
    Path directory;

    @Test
    @DisplayName(
            "requests a certificate from KuFlow again after two thirds of its lifetime, and repeats that after a failure")
    void renewal() {
        List<Pair> issued = new ArrayList<>();
        CertificateWatch watch = watch(identity(Source.API, AUTHORITY.issue("first", NOW, NOW.plusSeconds(60))), () -> {
            issued.add(AUTHORITY.issue("next", clock.instant(), clock.instant().plusSeconds(60)));
            if (issued.size() == 1) {
                throw new IllegalStateException("down");
            }
            return identity(Source.API, issued.get(issued.size() - 1));
        });

        assertThat(watch.check()).isEqualTo(Duration.ofSeconds(30));
        clock.pass(Duration.ofSeconds(39));
        assertThat(watch.check()).isEqualTo(Duration.ofSeconds(1));
        clock.pass(Duration.ofSeconds(1));
        Duration retry = watch.check();
        assertThat(retry).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
        assertThat(used).isEmpty();

        clock.pass(retry);
        watch.check();
        assertThat(used).containsExactly(issued.get(1).cert());
        assertThat(gauge("kuflow.engine.certificate.renewal.overdue")).isZero();
    }

    @Test
    @DisplayName("loads replaced files for the same namespace within 30 s, and refuses those for another")
    void files() throws IOException {
        write("tenant-1", AUTHORITY.issue("first"));
        CertificateWatch watch = watch(fromFiles(), CertificateWatchTest::nothing);
        watch.check();
        assertThat(used).isEmpty();

        Pair second = AUTHORITY.issue("second");
        write("tenant-2", second);
        assertThat(watch.check()).isEqualTo(Duration.ofSeconds(30));
        assertThat(used).isEmpty();

        write("tenant-1", second);
        Files.writeString(directory.resolve("key.pem"), AUTHORITY.issue("other").key());
        watch.check();
        assertThat(used).isEmpty();

        write("tenant-1", second);
        watch.check();
        watch.check();
        assertThat(used).containsExactly(second.cert());
    }

    @Test
    @DisplayName("keeps the certificate if the engine does not accept its replacement")
    void rejected() throws IOException {
        Pair first = AUTHORITY.issue("first");
        write("tenant-1", first);
        EngineIdentity identity = fromFiles();
        List<String> attempts = new ArrayList<>();
        CertificateWatch watch = new CertificateWatch(
                identity,
                CertificateWatchTest::nothing,
                this::load,
                next -> {
                    attempts.add(next.cert());
                    throw new IllegalStateException("UNAVAILABLE");
                },
                clock,
                new WorkerMetrics(meters));
        Pair second = AUTHORITY.issue("second");
        write("tenant-1", second);
        watch.check();
        watch.check();
        write("tenant-1", first);
        watch.check();
        assertThat(attempts).containsExactly(second.cert(), second.cert());
    }

    @Test
    @DisplayName("warns once about files past two thirds of their lifetime, and sets a metric")
    void overdue() throws IOException {
        write("tenant-1", AUTHORITY.issue("first", NOW, NOW.plusSeconds(90)));
        CertificateWatch watch = watch(fromFiles(), CertificateWatchTest::nothing);
        try (Logged log = new Logged(CertificateWatch.class)) {
            watch.check();
            assertThat(gauge("kuflow.engine.certificate.renewal.overdue")).isZero();
            clock.pass(Duration.ofSeconds(61));
            watch.check();
            watch.check();
            assertThat(gauge("kuflow.engine.certificate.renewal.overdue")).isEqualTo(1);
            assertThat(log.containing("past two thirds of its lifetime")).hasSize(1);
        }
    }

    private CertificateWatch watch(EngineIdentity identity, Supplier<EngineIdentity> request) {
        return new CertificateWatch(
                identity, request, this::load, next -> used.add(next.cert()), clock, new WorkerMetrics(meters));
    }

    private EngineIdentity identity(Source source, Pair pair) {
        return EngineIdentity.of(
                source, "tenant-1", pair.cert(), Secret.of(pair.key()), AUTHORITY.cert(), clock.instant());
    }

    private EngineIdentity fromFiles() {
        return EngineIdentity.fromSettings(load(), clock.instant()).orElseThrow();
    }

    private static EngineIdentity nothing() {
        throw new IllegalStateException("nothing is requested with files");
    }

    private WorkerSettings load() {
        return SettingsLoader.load(
                directory,
                Map.of(
                        "KUFLOW_API_CLIENTID",
                        "11111111-2222-4333-8444-555555555555",
                        "KUFLOW_API_CLIENTSECRET",
                        "the-secret"));
    }

    private void write(String namespace, Pair pair) throws IOException {
        Files.writeString(directory.resolve("cert.pem"), pair.cert());
        Files.writeString(directory.resolve("key.pem"), pair.key());
        Files.writeString(directory.resolve("ca.pem"), AUTHORITY.cert());
        Files.writeString(directory.resolve("application.yaml"), """
                temporal:
                  kuflow-queue: QUEUE
                  namespace: %s
                  mutual-tls: { cert: cert.pem, key: key.pem, ca: ca.pem }
                """.formatted(namespace));
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }
}
