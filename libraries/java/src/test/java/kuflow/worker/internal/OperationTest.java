package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.uber.m3.tally.Scope;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import kuflow.worker.internal.WorkerSettings.Worker;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** Health and metrics, as Spring Boot serves them. */
@DisplayName("the ports of the worker")
class OperationTest {

    @SpringBootConfiguration
    @EnableAutoConfiguration(exclude = WorkerAutoConfiguration.class)
    @Import({WorkerMetrics.class, TestReadiness.class})
    static class TestApplication {

        @Bean
        HealthIndicator workerHealthIndicator(WorkerReadiness readiness) {
            return new WorkerAutoConfiguration().workerHealthIndicator(readiness);
        }

        @Bean
        Scope temporalMetricsScope(MeterRegistry registry) {
            return new WorkerAutoConfiguration().temporalMetricsScope(registry);
        }
    }

    static class TestReadiness implements WorkerReadiness {
        private volatile @Nullable String reason;

        @Override
        public @Nullable String notReady() {
            return reason;
        }
    }

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static ConfigurableApplicationContext context;
    private static int healthPort;
    private static int metricsPort;

    @BeforeAll
    static void start() throws IOException {
        metricsPort = freePort();
        SpringApplication application = new SpringApplication(TestApplication.class);
        application.setDefaultProperties(SpringDefaults.of(worker(0, metricsPort), true, Log.PROJECT));
        context = application.run();
        healthPort = ((WebServerApplicationContext) context).getWebServer().getPort();
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    @Test
    @DisplayName("/livez responds while the process runs")
    void live() throws Exception {
        assertThat(get(healthPort, "/livez").statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("/readyz responds with the reason if the worker is not ready")
    void ready() throws Exception {
        TestReadiness readiness = context.getBean(TestReadiness.class);
        assertThat(get(healthPort, "/readyz").statusCode()).isEqualTo(200);

        readiness.reason = "draining";
        HttpResponse<String> response = get(healthPort, "/readyz");
        readiness.reason = null;

        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).contains("draining");
        assertThat(get(healthPort, "/livez").statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("nothing else is served")
    void nothingElse() throws Exception {
        for (String path : List.of("/", "/health", "/metrics", "/actuator", "/env")) {
            assertThat(get(healthPort, path).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(get(metricsPort, "/env").statusCode()).isEqualTo(404);
    }

    @Test
    @DisplayName("/metrics has the metrics of the worker and of Temporal's SDK")
    void metrics() throws Exception {
        WorkerMetrics metrics = context.getBean(WorkerMetrics.class);
        metrics.restCall("retrieveProcess", "404");
        metrics.tokenIssued(Instant.now().minusSeconds(60));
        metrics.tokenRenewalFailed();
        metrics.certificateExpires(Instant.now().plusSeconds(3_600));
        metrics.certificateRenewalOverdue(true);
        metrics.registrationFailed();
        metrics.engineReachable(true);
        metrics.systemTaskFailed("CHECK");
        metrics.systemTasksFailing(() -> 2);
        // Closing the scope reports what Temporal's SDK counted.
        Scope scope = context.getBean(Scope.class);
        scope.counter("temporal_request").inc(1);
        scope.close();

        String body = get(metricsPort, "/metrics").body();

        assertThat(body.lines())
                .contains(
                        "kuflow_rest_calls_total{operation=\"retrieveProcess\",status=\"404\"} 1.0",
                        "kuflow_engine_token_failures_total 1.0",
                        "kuflow_engine_certificate_renewal_overdue 1.0",
                        "kuflow_worker_registration_failures_total 1.0",
                        "kuflow_engine_reachable 1.0",
                        "kuflow_system_task_failures_total{code=\"CHECK\"} 1.0",
                        "kuflow_system_tasks_failing 2.0",
                        "temporal_request_total 1.0");
        assertThat(value(body, "kuflow_engine_token_age_seconds")).isBetween(60.0, 120.0);
        assertThat(value(body, "kuflow_engine_certificate_expiry_seconds")).isBetween(3_500.0, 3_600.0);
    }

    @Test
    @DisplayName("in development, both ports listen on loopback only, and do not have to be free")
    void development() throws IOException {
        try (ServerSocket used = new ServerSocket(0)) {
            int port = used.getLocalPort();
            Map<String, Object> properties = SpringDefaults.of(worker(port, port), true, Log.PROJECT);
            assertThat(properties)
                    .containsEntry("server.address", "127.0.0.1")
                    .containsEntry("management.server.address", "127.0.0.1")
                    .containsEntry("server.port", 0)
                    .containsEntry("management.server.port", -1);
        }
    }

    @Test
    @DisplayName("in production, they listen on all addresses; 0 disables metrics")
    void production() {
        assertThat(SpringDefaults.of(worker(8081, 0), false, Log.PROJECT))
                .doesNotContainKeys("server.address", "management.server.address")
                .containsEntry("server.port", 8081)
                .containsEntry("management.server.port", -1);
    }

    private static Worker worker(int healthPort, int metricsPort) {
        return new Worker(null, List.of(), healthPort, metricsPort, null, null, Level.ERROR, null, 5, 2_097_152);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static HttpResponse<String> get(int port, String path) throws IOException, InterruptedException {
        URI address = URI.create("http://127.0.0.1:" + port + path);
        return HTTP.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString());
    }

    private static double value(String metrics, String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length())))
                .findFirst()
                .orElseThrow();
    }
}
