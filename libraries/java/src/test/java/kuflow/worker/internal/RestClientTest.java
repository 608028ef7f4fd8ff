package kuflow.worker.internal;

import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import kuflow.worker.RestError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the REST client")
class RestClientTest {

    private static final RestRequest GET = RestRequest.of("findProcesses", "GET", "/processes");

    private final LoopbackServer server = new LoopbackServer();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final RestClient rest = clientOf(server.endpoint());

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    @DisplayName("sends credentials, query and body, and identifies the worker")
    void request() {
        server.on("POST /processes", exchange -> {
            String agent = exchange.getRequestHeaders().getFirst("User-Agent");
            responds(200, "{\"agent\": \"%s\"}".formatted(agent), "x-kf-delay-window", "7")
                    .handle(exchange);
        });
        RestRequest request = RestRequest.of("createProcess", "POST", "/processes")
                .query("tenantId", List.of("a b", "c+d"))
                .query("size", 1)
                .query("absent", null)
                .body(Map.of("name", "é"));

        RestResponse<JsonNode> response = rest.call(request, JsonNode.class);

        assertThat(response.headers().firstValue("x-kf-delay-window")).contains("7");
        assertThat(response.body().get("agent").asText()).matches("kuflow-worker-java/\\d+\\.\\d+\\.\\d+ \\(\\S+\\)");
        LoopbackServer.Request received = server.requests().get(0);
        assertThat(received.call()).isEqualTo("POST /processes?tenantId=a+b&tenantId=c%2Bd&size=1");
        assertThat(received.authorization())
                .isEqualTo("Basic MTExMTExMTEtMjIyMi00MzMzLTg0NDQtNTU1NTU1NTU1NTU1OnNlY3JldA==");
        assertThat(received.contentType()).isEqualTo("application/json");
        assertThat(received.body()).isEqualTo("{\"name\":\"é\"}");
        assertThat(meters.get("kuflow.rest.calls")
                        .tag("operation", "createProcess")
                        .tag("status", "200")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    @DisplayName("retries a call once after a temporary failure")
    void retry() {
        AtomicInteger attempts = new AtomicInteger();
        server.on(
                "GET /processes",
                exchange -> responds(attempts.incrementAndGet() == 1 ? 503 : 200, "{}", "Retry-After", "0")
                        .handle(exchange));
        rest.call(GET, JsonNode.class);
        assertThat(attempts).hasValue(2);
        assertThat(calls("503")).isEqualTo(1);
        assertThat(calls("200")).isEqualTo(1);
    }

    @Test
    @DisplayName(
            "does not repeat a call if KuFlow asks to wait for longer, if that would do harm, or if KuFlow rejected it")
    void noRetry() {
        server.on("GET /processes", responds(503, "", "Retry-After", "120"));
        RestError error = catchThrowableOfType(RestError.class, () -> rest.call(GET, JsonNode.class));
        assertThat(error.retryAfter()).contains(Duration.ofSeconds(120));
        assertThat(error.status()).hasValue(503);

        server.on("GET /processes", responds(503, "", "Retry-After", "0"));
        assertThatThrownBy(() -> rest.call(GET.neverRepeated(), JsonNode.class)).isInstanceOf(RestError.class);

        server.on(
                "GET /processes",
                responds(409, "{\"message\": \"taken\", \"errors\": [{\"code\": \"x\"}], \"new\": 1}"));
        RestError rejected = catchThrowableOfType(RestError.class, () -> rest.call(GET, JsonNode.class));
        assertThat(rejected).hasMessage("GET " + server.endpoint() + "/processes: 409 taken");
        assertThat(rejected.details().orElseThrow().errors()).hasSize(1);

        assertThat(server.requests()).hasSize(3);
    }

    @Test
    @DisplayName("does not follow redirects, and does not accept another page as a response")
    void notKuFlow() {
        server.on("GET /processes", responds(302, "", "Location", "https://login.example/?secret=x"));
        assertThatThrownBy(() -> rest.call(GET, JsonNode.class))
                .hasMessageEndingWith("302 to https://login.example is not a KuFlow API response; check the endpoint");
        server.on("GET /processes", responds(200, "<html>secret</html>"));
        assertThatThrownBy(() -> rest.call(GET, JsonNode.class))
                .hasMessageEndingWith(
                        "200 with a body that is not the expected JSON; check that the endpoint is a KuFlow API")
                .hasNoCause();
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    @DisplayName("closes the connection when a call takes too long")
    void limited() throws Exception {
        try (SilentServer silent = new SilentServer()) {
            RestRequest limited = GET.timeout(Duration.ofMillis(100));
            RestError error = catchThrowableOfType(
                    RestError.class, () -> clientOf(silent.endpoint()).call(limited, JsonNode.class));
            assertThat(error.timedOut()).isTrue();
            assertThat(error).hasMessageEndingWith("GET " + silent.endpoint() + "/processes: no response");
            silent.disconnected().get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    @DisplayName("closes the connection when its thread is interrupted")
    void interrupted() throws Exception {
        try (SilentServer silent = new SilentServer()) {
            CompletableFuture<RestError> result = new CompletableFuture<>();
            Thread thread = new Thread(() -> result.complete(catchThrowableOfType(
                    RestError.class, () -> clientOf(silent.endpoint()).call(GET, JsonNode.class))));
            thread.start();
            silent.requested().get(10, TimeUnit.SECONDS);
            thread.interrupt();
            assertThat(result.get(10, TimeUnit.SECONDS)).hasCauseInstanceOf(InterruptedException.class);
            silent.disconnected().get(10, TimeUnit.SECONDS);
        }
    }

    private RestClient clientOf(URI endpoint) {
        return new RestClient(TestSettings.of(endpoint), new WorkerMetrics(meters));
    }

    private double calls(String status) {
        return meters.counter("kuflow.rest.calls", "operation", "findProcesses", "status", status)
                .count();
    }
}
