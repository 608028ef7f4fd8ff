package kuflow.worker.internal;

import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("the registration of the worker")
class RegistrationTest {

    private static final String ID = "11111111-2222-4333-8444-555555555555";

    private final LoopbackServer server = new LoopbackServer();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

    @TempDir
    Path directory;

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    @DisplayName("has identity, host, address, queue, types, and the configured tenant, installation and robots")
    void content() throws JsonProcessingException {
        server.on("POST /workers", responds(201, "{}", "x-kf-delay-window", "60"));
        Registration registration = registration(
                Map.of("KUFLOW_API_TENANTID", ID, "WORKER_INSTALLATIONID", ID, "WORKER_ROBOTIDS", ID + "," + ID));

        assertThat(registration.register()).isEqualTo(Duration.ofSeconds(60));

        JsonNode body = KuFlowJson.mapper().readTree(server.requests().get(0).body());
        assertThat(body.get("identity").asText()).hasSize(255).startsWith("1@host");
        assertThat(body.get("hostname").asText()).isNotEmpty();
        assertThat(body.get("ip").asText()).hasSizeBetween(7, 40);
        assertThat(body.get("taskQueue").asText()).isEqualTo("QUEUE");
        assertThat(body.get("workflowTypes")).hasToString("[\"LoanWorkflow\"]");
        assertThat(body.get("activityTypes")).hasToString("[\"checkCredit\"]");
        assertThat(body.get("tenantId").asText()).isEqualTo(ID);
        assertThat(body.get("installationId").asText()).isEqualTo(ID);
        assertThat(body.get("robotIds")).hasSize(2);
    }

    @Test
    @DisplayName("leaves out what is not configured")
    void absent() throws JsonProcessingException {
        server.on("POST /workers", responds(200, "{}"));
        assertThat(registration(Map.of()).register()).isEqualTo(Duration.ofSeconds(300));
        JsonNode body = KuFlowJson.mapper().readTree(server.requests().get(0).body());
        assertThat(body.has("tenantId")).isFalse();
        assertThat(body.has("installationId")).isFalse();
        assertThat(body.has("robotIds")).isFalse();
    }

    @Test
    @DisplayName("is counted and retried after growing pauses if it fails")
    void failure() {
        server.on("POST /workers", responds(400, "{}"));
        Registration registration = registration(Map.of());
        assertThat(registration.register()).isEqualTo(Duration.ofSeconds(3));
        assertThat(registration.register()).isEqualTo(Duration.ofSeconds(6));
        assertThat(meters.counter("kuflow.worker.registration.failures").count())
                .isEqualTo(2);
        server.on("POST /workers", responds(200, "{}"));
        registration.register();
        server.on("POST /workers", responds(400, "{}"));
        assertThat(registration.register()).isEqualTo(Duration.ofSeconds(3));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "299.5, 299", "0, 300", "-5, 300", "'', 300", "soon, 300", "NaN, 300", "1e9, 86400"})
    @DisplayName("is repeated at the interval of KuFlow, or every 300 s if that is not a usable number")
    void window(String header, int expected) {
        assertThat(Registration.parseDelayWindow(header)).isEqualTo(expected);
    }

    private Registration registration(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("KUFLOW_API_ENDPOINT", server.endpoint().toString());
        all.put("KUFLOW_API_CLIENTID", ID);
        all.put("KUFLOW_API_CLIENTSECRET", "secret");
        all.put("TEMPORAL_KUFLOWQUEUE", "QUEUE");
        WorkerSettings settings = SettingsLoader.load(directory, all);
        WorkerMetrics metrics = new WorkerMetrics(meters);
        return new Registration(
                new RestClient(settings, metrics),
                settings,
                "1@host" + "x".repeat(300),
                List.of("LoanWorkflow"),
                List.of("checkCredit"),
                metrics);
    }
}
