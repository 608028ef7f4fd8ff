package kuflow.worker.internal;

import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import kuflow.worker.internal.TestAuthority.Pair;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@DisplayName("--check")
class CheckTest {

    private static final TestAuthority AUTHORITY = new TestAuthority("Test CA");
    private static final Pair CLIENT = AUTHORITY.issue("client");

    private final LoopbackServer kuflow = new LoopbackServer();
    private final TestEngine engine = new TestEngine(AUTHORITY, "localhost");

    @TempDir
    Path directory;

    @BeforeEach
    void respond() {
        kuflow.on("GET /processes", responds(200, "{}"));
        kuflow.on("POST /authentications", responds(200, "{\"engineToken\": {\"token\": \"the-token\"}}"));
    }

    @AfterEach
    void stop() {
        kuflow.close();
        engine.close();
    }

    @Test
    @DisplayName("connects step by step, and reports each step")
    void connected() throws JsonProcessingException {
        List<Check.Step> reported = new ArrayList<>();
        Check.Result result = Check.run(
                () -> SettingsLoader.load(directory, environment(Map.of())), reported::add, Instant.now(), 60);

        assertThat(result.status()).isZero();
        assertThat(statuses(result)).isEqualTo("ok ok ok ok ok ok");
        assertThat(result.steps()).isEqualTo(reported);
        assertThat(result.steps())
                .extracting(Check.Step::detail)
                .element(3)
                .asString()
                .startsWith("from inline data, valid until ")
                .endsWith(", namespace tenant-1");
        assertThat(engine.calls()).last().isEqualTo("DescribeNamespace CN=client Bearer the-token tenant-1");
        assertThat(KuFlowJson.mapper().writeValueAsString(result))
                .startsWith(
                        "{\"status\":0,\"steps\":[{\"step\":\"settings\",\"status\":\"ok\",\"detail\":\"queue QUEUE, http");
    }

    @Test
    @DisplayName("is successful if the engine does not support the last call")
    void restricted() {
        engine.describeNamespace(Status.UNIMPLEMENTED);
        Check.Result result = run(Map.of());
        assertThat(result.status()).isZero();
        assertThat(statuses(result)).isEqualTo("ok ok ok ok ok skipped");
    }

    @Test
    @DisplayName("fails if the engine denies the namespace, with which no worker starts")
    void denied() {
        engine.describeNamespace(Status.PERMISSION_DENIED);
        Check.Result result = run(Map.of());
        assertThat(result.status()).isEqualTo(1);
        assertThat(statuses(result)).isEqualTo("ok ok ok ok ok failed");
        assertThat(result.steps().get(5).detail()).contains("the namespace tenant-1 (PERMISSION_DENIED)");
    }

    @Test
    @DisplayName("ends at the first step that fails")
    void failed() {
        kuflow.on("GET /processes", responds(401, "{\"message\": \"wrong\"}"));
        Check.Result result = run(Map.of());
        assertThat(result.status()).isEqualTo(1);
        assertThat(statuses(result)).isEqualTo("ok failed skipped skipped skipped skipped");
        assertThat(result.steps().get(1).detail())
                .isEqualTo("GET %s/processes: 401 wrong".formatted(kuflow.endpoint()));
    }

    @Test
    @DisplayName("names the engine that refuses the connection")
    void refused() {
        Check.Result result = run(Map.of("TEMPORAL_TARGET", "localhost:1"));
        assertThat(result.status()).isEqualTo(1);
        assertThat(statuses(result)).isEqualTo("ok ok ok ok failed skipped");
        assertThat(result.steps().get(4).detail()).startsWith("localhost:1 does not accept connections");
    }

    @Test
    @DisplayName("names the REST API that refuses the connection")
    void unreachable() {
        Check.Result result = run(Map.of("KUFLOW_API_ENDPOINT", "http://localhost:1"));
        assertThat(result.status()).isEqualTo(1);
        assertThat(statuses(result)).isEqualTo("ok failed skipped skipped skipped skipped");
        assertThat(result.steps().get(1).detail()).contains("http://localhost:1/", "could not connect");
    }

    @ParameterizedTest(name = "{0}")
    @EnumSource(
            value = Status.Code.class,
            names = {"PERMISSION_DENIED", "UNIMPLEMENTED"})
    @DisplayName("names the call that Temporal's SDK needs to connect, if the engine restricts it")
    void connectionRestricted(Status.Code code) {
        engine.getSystemInfo(code.toStatus());
        Check.Result result = run(Map.of());
        assertThat(result.status()).isEqualTo(1);
        assertThat(statuses(result)).isEqualTo("ok ok ok ok failed skipped");
        assertThat(result.steps().get(4).detail()).contains("GetSystemInfo", code.name());
    }

    @Test
    @DisplayName("lists all problems of the settings")
    void settings() {
        Check.Result result = run(Map.of("KUFLOW_API_CLIENTID", "", "TEMPORAL_KUFLOWQUEUE", ""));
        assertThat(result.status()).isEqualTo(2);
        assertThat(result.steps().get(0).detail()).contains("kuflow.api.client-id (", "temporal.kuflow-queue (");
    }

    @Test
    @DisplayName("is inconclusive if there is no response within the time limit")
    void inconclusive() throws IOException {
        try (SilentServer silent = new SilentServer()) {
            Check.Result result = Check.run(
                    () -> SettingsLoader.load(
                            directory,
                            environment(Map.of(
                                    "KUFLOW_API_ENDPOINT", silent.endpoint().toString()))),
                    step -> {},
                    Instant.now(),
                    0.5);
            assertThat(result.status()).isEqualTo(4);
            assertThat(statuses(result)).isEqualTo("ok unknown skipped skipped skipped skipped");
            assertThat(result.steps().get(1).detail()).isEqualTo("no result within the time limit of 0.5 s");
        }
    }

    private Check.Result run(Map<String, String> changed) {
        return Check.run(() -> SettingsLoader.load(directory, environment(changed)), step -> {}, Instant.now(), 60);
    }

    private Map<String, String> environment(Map<String, String> changed) {
        Map<String, String> environment = new HashMap<>(Map.of(
                "KUFLOW_API_ENDPOINT",
                kuflow.endpoint().toString(),
                "KUFLOW_API_CLIENTID",
                "11111111-2222-4333-8444-555555555555",
                "KUFLOW_API_CLIENTSECRET",
                "secret",
                "TEMPORAL_KUFLOWQUEUE",
                "QUEUE",
                "TEMPORAL_TARGET",
                "localhost:" + engine.port(),
                "TEMPORAL_NAMESPACE",
                "tenant-1",
                "TEMPORAL_MUTUALTLS_CERTDATA",
                CLIENT.cert(),
                "TEMPORAL_MUTUALTLS_KEYDATA",
                CLIENT.key(),
                "TEMPORAL_MUTUALTLS_CADATA",
                AUTHORITY.cert()));
        environment.putAll(changed);
        return environment;
    }

    private static String statuses(Check.Result result) {
        return result.steps().stream().map(step -> step.status().toString()).collect(Collectors.joining(" "));
    }
}
