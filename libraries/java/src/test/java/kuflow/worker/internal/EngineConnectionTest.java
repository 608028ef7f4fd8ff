package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.uber.m3.tally.NoopScope;
import io.grpc.Status;
import io.temporal.common.converter.DefaultDataConverter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import kuflow.worker.internal.EngineIdentity.Source;
import kuflow.worker.internal.TestAuthority.Pair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the connection to the engine")
class EngineConnectionTest {

    private static final TestAuthority AUTHORITY = new TestAuthority("Test CA");
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private final TestEngine engine = new TestEngine(AUTHORITY, "engine.test");

    @TempDir
    Path directory;

    @AfterEach
    void stop() {
        engine.close();
    }

    @Test
    @DisplayName("sends token, namespace and certificate, and moves to another certificate for the next call")
    void replacement() {
        try (EngineConnection connection = connect(AUTHORITY.issue("first"), AUTHORITY.cert())) {
            connection.describeNamespace(DEADLINE);
            connection.replaceIdentity(identity(AUTHORITY.issue("second"), AUTHORITY.cert()));
            connection.describeNamespace(DEADLINE);
        }
        assertThat(engine.calls())
                .containsExactly(
                        "GetSystemInfo CN=first Bearer the-token null",
                        "DescribeNamespace CN=first Bearer the-token tenant-1",
                        "GetSystemInfo CN=second Bearer the-token null",
                        "DescribeNamespace CN=second Bearer the-token tenant-1");
    }

    @Test
    @DisplayName("keeps its certificate if the engine does not accept another one")
    void unacceptable() {
        Pair unknown = new TestAuthority("Other CA").issue("unknown");
        try (EngineConnection connection = connect(AUTHORITY.issue("first"), AUTHORITY.cert())) {
            assertThatThrownBy(() -> connection.replaceIdentity(identity(unknown, AUTHORITY.cert())))
                    .isInstanceOf(EngineConnection.EngineConnectException.class);
            assertThat(connection.describeNamespace(DEADLINE)).isEmpty();
        }
        assertThat(engine.calls()).last().asString().startsWith("DescribeNamespace CN=first");
    }

    @Test
    @DisplayName("trusts every certificate in the CA, and no other engine")
    void authorities() {
        String other = new TestAuthority("Other CA").cert();
        connect(AUTHORITY.issue("first"), other + AUTHORITY.cert()).close();
        assertThatThrownBy(() -> connect(AUTHORITY.issue("first"), other))
                .hasMessage("localhost:" + engine.port() + " does not accept connections (GetSystemInfo)")
                .hasStackTraceContaining("unable to find valid certification path");
    }

    @Test
    @DisplayName("reports that the engine restricts a call")
    void restriction() {
        try (EngineConnection connection = connect(AUTHORITY.issue("first"), AUTHORITY.cert())) {
            engine.describeNamespace(Status.PERMISSION_DENIED);
            assertThat(connection.describeNamespace(DEADLINE)).contains("PERMISSION_DENIED");
            engine.describeNamespace(Status.NOT_FOUND);
            assertThatThrownBy(() -> connection.describeNamespace(DEADLINE)).hasMessage("NOT_FOUND");
        }
    }

    private EngineConnection connect(Pair pair, String ca) {
        Map<String, String> environment = Map.of(
                "KUFLOW_API_CLIENTID", "11111111-2222-4333-8444-555555555555",
                "KUFLOW_API_CLIENTSECRET", "secret",
                "TEMPORAL_KUFLOWQUEUE", "QUEUE",
                "TEMPORAL_TARGET", "localhost:" + engine.port(),
                "TEMPORAL_MUTUALTLS_SERVERNAME", "engine.test");
        return new EngineConnection(
                SettingsLoader.load(directory, environment),
                identity(pair, ca),
                () -> "Bearer the-token",
                "1@host",
                DefaultDataConverter.STANDARD_INSTANCE,
                new NoopScope());
    }

    private static EngineIdentity identity(Pair pair, String ca) {
        return EngineIdentity.of(Source.API, "tenant-1", pair.cert(), Secret.of(pair.key()), ca, Instant.now());
    }
}
