package kuflow.worker.internal;

import static java.util.concurrent.TimeUnit.SECONDS;
import static kuflow.worker.internal.LoopbackServer.responds;
import static kuflow.worker.internal.TestSettings.APPLICATION_ID;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import kuflow.worker.Logged;
import kuflow.worker.RestError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("KuFlow's activities")
@Timeout(30)
class KuFlowActivitiesTest {

    private static final UUID ID = UUID.fromString("22222222-2222-4333-8444-555555555555");
    private static final Map<String, UUID> ITEM = Map.of("processItemId", ID);
    private static final String RETRIEVE = "GET /process-items/" + ID;

    private final LoopbackServer server = new LoopbackServer();
    private final ActivityEnvironment environment = new ActivityEnvironment(server.endpoint());
    private final ActivityEnvironment.KuFlow activities = environment.kuflowActivities();
    private final Logged log = new Logged(RestClient.class);

    @AfterEach
    void close() {
        log.close();
        environment.close();
        server.close();
    }

    @Test
    @DisplayName("have the names that KuFlow's Java library gives them")
    void names() {
        assertThat(KuFlowActivities.types())
                .contains("KuFlow_Engine_CreateProcessItem", "KuFlow_Engine_PrepareBusinessArtifactCreateArtifact")
                .allMatch(name -> name.matches("KuFlow_Engine_[A-Z]\\w+"))
                .hasSize(38);
        ApplicationFailure failure = failureOf(() -> activities.unknown(ITEM));
        assertThat(failure.getCause())
                .hasMessageContaining(
                        "Activity Type \"KuFlow_Engine_Unknown\" is not registered with a worker. Known types are: KuFlow_");
    }

    @Test
    @DisplayName("return the result in the field that KuFlow uses")
    void results() throws JsonProcessingException {
        server.on(RETRIEVE, responds(200, """
                {"id": "%s", "type": "TASK", "processId": "%s", "createdAt": "2025-10-08T10:00:00+02:00",
                 "task": {"state": "READY", "data": {"valid": true, "value": {"AMOUNT": 1.10}}}, "added": "by KuFlow"}
                """.formatted(ID, ID)));
        JsonNode result = activities.retrieveProcessItem(ITEM);
        assertThat(result).isEqualTo(KuFlowJson.mapper().readTree("""
                {"processItem": {"id": "%s", "type": "TASK", "processId": "%s", "createdAt": "2025-10-08T10:00:00+02:00",
                 "task": {"state": "READY", "data": {"valid": true, "value": {"AMOUNT": 1.10}}}}}
                """.formatted(ID, ID)));
    }

    @Test
    @DisplayName("accept a state that KuFlow adds")
    void unknownState() {
        server.on(RETRIEVE, responds(200, item("PAUSED", null)));
        JsonNode item = activities.retrieveProcessItem(ITEM).path("processItem");
        assertThat(item.at("/task/state").asText()).isEqualTo("UNKNOWN");
    }

    @Test
    @DisplayName("search with repeated parameters")
    void search() {
        server.on("GET /processes", responds(200, """
                {"metadata": {"size": 5, "page": 0, "totalElements": 1, "totalPages": 1},
                 "content": [{"id": "%s", "state": "RUNNING", "tenantId": "%s"}]}
                """.formatted(ID, ID)));
        Map<String, Object> filters = new LinkedHashMap<>();
        filters.put("size", 5);
        filters.put("sorts", List.of("createdAt,desc"));
        filters.put("states", List.of("RUNNING", "CANCELLED"));
        JsonNode found = activities.findProcesses(filters);
        assertThat(found.at("/processes/content/0/id").asText()).isEqualTo(ID.toString());
        assertThat(server.calls())
                .containsExactly("GET /processes?size=5&sort=createdAt%2Cdesc&state=RUNNING&state=CANCELLED");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jsonPatch", "params"})
    @DisplayName("change data with a JSON Patch, which older libraries call params")
    void patch(String name) {
        server.on("PATCH /process-items/" + ID + "/task/data", responds(200, item("CLAIMED", null)));
        Map<String, Object> replace = new HashMap<>(Map.of("op", "replace", "path", "/city"));
        replace.put("value", null);
        List<?> patch = List.of(replace, Map.of("op", "remove", "path", "/street"));
        activities.patchProcessItemTaskData(Map.of("processItemId", ID, name, patch));
        assertThat(server.requests()).singleElement().satisfies(request -> {
            assertThat(request.contentType()).isEqualTo("application/json-patch+json");
            assertThat(request.body())
                    .isEqualTo("[{\"op\":\"replace\",\"path\":\"/city\",\"value\":null},"
                            + "{\"op\":\"remove\",\"path\":\"/street\",\"value\":null}]");
        });
    }

    @Test
    @DisplayName("invoke, read and cancel user actions")
    void userActions() {
        String path = "/processes/" + ID + "/actions";
        String action = """
                {"id": "%s", "type": "SEND_WORKFLOW_SIGNAL", "status": "%s", "processActionDefinitionRef": {"code": "NOTE"},
                 "sendWorkflowSignal": {"signalName": "Note", "input": {"value": {"text": "Hello"}}}}""";
        server.on("POST " + path, responds(201, action.formatted(ID, "REQUESTED")));
        server.on("GET " + path + "/" + ID, responds(200, action.formatted(ID, "COMPLETED")));
        server.on("POST " + path + "/" + ID + "/~actions/cancel", responds(200, action.formatted(ID, "CANCELED")));
        Map<String, ?> ids = Map.of("processId", ID, "processActionId", ID);
        Map<String, ?> request = Map.of(
                "processId",
                ID,
                "id",
                ID,
                "processActionDefinitionCode",
                "NOTE",
                "sendWorkflowSignal",
                Map.of("input", Map.of("text", "Hello")));

        assertThat(activities
                        .createProcessAction(request)
                        .at("/processAction/sendWorkflowSignal/input/value/text")
                        .asText())
                .isEqualTo("Hello");
        assertThat(activities
                        .retrieveProcessAction(ids)
                        .at("/processAction/status")
                        .asText())
                .isEqualTo("COMPLETED");
        assertThat(activities
                        .cancelProcessAction(ids)
                        .at("/processAction/status")
                        .asText())
                .isEqualTo("CANCELED");
        assertThat(server.requests().get(0).body())
                .isEqualTo(
                        "{\"id\":\"" + ID
                                + "\",\"processActionDefinitionCode\":\"NOTE\",\"sendWorkflowSignal\":{\"input\":{\"text\":\"Hello\"}}}");
    }

    @Test
    @DisplayName("accept an empty response only if the result is empty")
    void emptyResponses() {
        server.on("DELETE /processes/" + ID, responds(204, ""));
        assertThat(activities.deleteProcess(Map.of("processId", ID))).isEmpty();
        server.on("POST /process-items", responds(200, ""));
        assertThat(failureOf(() -> activities.createProcessItem(task("A"))).getCause())
                .hasMessageContaining("createProcessItem: the response has no body");
        server.on("POST /process-items/" + ID + "/task/~actions/complete", responds(200, ""));
        assertThat(failureOf(() -> activities.completeProcessItemTask(ITEM)).getCause())
                .hasMessageContaining("completeProcessItemTask: the response has no body");
    }

    @Test
    @DisplayName("accept only a successful response, not a redirect")
    void redirects() {
        server.on("POST /process-items", responds(302, "{}", "Location", "https://login.example.com/?x"));
        ApplicationFailure failure = failureOf(() -> activities.createProcessItem(task("A")));
        assertThat(failure.getType()).isEqualTo("KuFlowActivities.RestFailure");
        assertThat(failure.getCause())
                .hasMessageContaining("302 to https://login.example.com is not a KuFlow API response");
        assertThat(server.calls()).containsExactly("POST /process-items");
    }

    @Test
    @DisplayName("reject an invalid request with a failure that is not retried")
    void validation() {
        ApplicationFailure failure = failureOf(() -> activities.createProcessItem(task(null)));
        assertThat(failure.getType()).isEqualTo("KuFlowActivities.ValidationFailure");
        assertThat(failure.isNonRetryable()).isTrue();
        assertThat(failure.getOriginalMessage()).isEqualTo("'processItemDefinitionCode' is required");
        assertThat(failureOf(() -> activities.assignProcessItemTask(Map.of("processItemId", ID, "ownerEmail", "")))
                        .getOriginalMessage())
                .isEqualTo("'ownerId' or 'ownerEmail' is required");
        assertThat(failureOf(() -> activities.retrieveProcessItem(Map.of("processItemId", "../x")))
                        .getOriginalMessage())
                .isEqualTo("'processItemId' is not valid");
        assertThat(server.calls()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"7, 7", "86400, 300", "'Tue, 31 Dec 2999 23:59:59 GMT', 300"})
    @DisplayName("fail with KuFlow's error and retry after the time that KuFlow asks for")
    void retryAfter(String retryAfter, int seconds) {
        server.on(RETRIEVE, responds(429, "{\"message\": \"too many\"}", "Retry-After", retryAfter));
        ApplicationFailure failure = failureOf(() -> activities.retrieveProcessItem(ITEM));
        assertThat(failure.getType()).isEqualTo("KuFlowActivities.RestFailure");
        assertThat(failure.getOriginalMessage()).isEqualTo("Rest Invocation error");
        assertThat(failure.isNonRetryable()).isFalse();
        assertThat(failure.getNextRetryDelay()).isEqualTo(Duration.ofSeconds(seconds));
        assertThat(failure.getDetails().get(0, RestError.Details.class).message())
                .isEqualTo("too many");
        assertThat(server.calls()).hasSize(1);
    }

    @Test
    @DisplayName("log and count each call that KuFlow rejects")
    void rejections() {
        ApplicationFailure failure = failureOf(() -> activities.retrieveProcessItem(ITEM));
        assertThat(failure.getType()).isEqualTo("KuFlowActivities.RestFailure");
        assertThat(environment
                        .meters()
                        .counter("kuflow.rest.calls", "operation", "retrieveProcessItem", "status", "404")
                        .count())
                .isEqualTo(1);
        assertThat(log.containing("KuFlow rejected a call")).singleElement().satisfies(line -> {
            assertThat(line.getLevel()).isEqualTo(Level.ERROR);
            assertThat(line.getFormattedMessage()).contains("404 no");
        });
    }

    @Test
    @DisplayName("retry a call at most once")
    void retries() {
        server.on(RETRIEVE, responds(503, ""));
        ApplicationFailure failure = failureOf(() -> activities.retrieveProcessItem(ITEM));
        assertThat(failure.getType()).isEqualTo("KuFlowActivities.RestFailure");
        assertThat(server.calls()).containsExactly(RETRIEVE, RETRIEVE);
    }

    @ParameterizedTest(name = "{0} refused with {1}, task {2} of {3}: done {4}")
    @CsvSource({
        "claim, 409, CLAIMED, 11111111-2222-4333-8444-555555555555, true",
        "claim, 409, CLAIMED, 99999999-2222-4333-8444-555555555555, false",
        "claim, 409, COMPLETED, 11111111-2222-4333-8444-555555555555, false",
        "complete, 403, COMPLETED, 11111111-2222-4333-8444-555555555555, true",
        "complete, 409, COMPLETED, 99999999-2222-4333-8444-555555555555, false",
        "complete, 409, READY, , false",
        "assign, 409, CLAIMED, 11111111-2222-4333-8444-555555555555, true",
        "assign, 409, CLAIMED, 99999999-2222-4333-8444-555555555555, false",
    })
    @DisplayName("treat an action that is refused as done only if this application has done it")
    void lostResponses(String action, int status, String state, String owner, boolean isDone) {
        server.on("POST /process-items/" + ID + "/task/~actions/" + action, responds(status, "{}"));
        server.on(RETRIEVE, responds(200, item(state, owner)));
        Runnable call = () -> {
            JsonNode result = switch (action) {
                case "claim" -> activities.claimProcessItemTask(ITEM);
                case "complete" -> activities.completeProcessItemTask(ITEM);
                default -> activities.assignProcessItemTask(Map.of("processItemId", ID, "ownerId", APPLICATION_ID));
            };
            assertThat(result.at("/processItem/task/state").asText()).isEqualTo(state);
        };
        if (isDone) {
            call.run();
        } else {
            assertThat(failureOf(call).getType()).isEqualTo("KuFlowActivities.RestFailure");
        }
    }

    @Test
    @DisplayName("recognize an assignment by email that they have already done")
    void lostAssignmentByEmail() {
        server.on("POST /process-items/" + ID + "/task/~actions/assign", responds(409, "{}"));
        server.on(RETRIEVE, responds(200, item("CLAIMED", ID.toString())));
        server.on("GET /principals/" + ID, responds(200, """
                {"id": "%s", "type": "USER", "user": {"id": "%s", "email": "Ada@example.com"}}""".formatted(ID, ID)));
        JsonNode assigned =
                activities.assignProcessItemTask(Map.of("processItemId", ID, "ownerEmail", "ada@example.com"));
        assertThat(assigned.at("/processItem/ownerId").asText()).isEqualTo(ID.toString());
    }

    @Test
    @DisplayName("send the same generated ID in every attempt to create something")
    void generatedIds() throws JsonProcessingException {
        server.on("POST /business-artifacts", exchange -> {
            // The first response is lost after KuFlow has processed the request.
            if (server.requests().size() > 1) {
                responds(200, "{}").handle(exchange);
            }
        });
        activities.createBusinessArtifact(Map.of("businessArtifactDefinitionCode", "X"));
        assertThat(server.requests()).hasSize(2);
        JsonNode first = KuFlowJson.mapper().readTree(server.requests().get(0).body());
        JsonNode second = KuFlowJson.mapper().readTree(server.requests().get(1).body());
        assertThat(UUID.fromString(first.get("id").textValue())).isNotNull();
        assertThat(second).isEqualTo(first);
    }

    @Test
    @DisplayName("abort the call when they are canceled")
    void cancellation() throws Exception {
        try (SilentServer silent = new SilentServer();
                ActivityEnvironment canceled = new ActivityEnvironment(silent.endpoint())) {
            ActivityEnvironment.KuFlow slow = canceled.kuflowActivities();
            CompletableFuture<?> run = CompletableFuture.runAsync(() -> slow.retrieveProcessItem(ITEM));
            silent.requested().get(10, SECONDS);
            canceled.cancel();
            silent.disconnected().get(10, SECONDS);
            assertThatThrownBy(() -> run.get(10, SECONDS)).hasRootCauseInstanceOf(CanceledFailure.class);
        }
    }

    @Test
    @DisplayName("abort the call when the worker stops")
    void shutdown() throws Exception {
        try (SilentServer silent = new SilentServer()) {
            ActivityEnvironment stopped = new ActivityEnvironment(silent.endpoint());
            ActivityEnvironment.KuFlow slow = stopped.kuflowActivities();
            CompletableFuture.runAsync(() -> slow.retrieveProcessItem(ITEM));
            silent.requested().get(10, SECONDS);
            stopped.close();
            silent.disconnected().get(10, SECONDS);
        }
    }

    private static ApplicationFailure failureOf(Runnable call) {
        ActivityFailure failure = catchThrowableOfType(ActivityFailure.class, call::run);
        assertThat(failure).hasCauseInstanceOf(ApplicationFailure.class);
        return (ApplicationFailure) failure.getCause();
    }

    private static Map<String, Object> task(String code) {
        Map<String, Object> task = new HashMap<>(Map.of("id", ID, "type", "TASK", "processId", ID));
        task.put("processItemDefinitionCode", code);
        return task;
    }

    private static String item(String state, String ownerId) {
        String owner = ownerId == null ? "null" : "\"" + ownerId + "\"";
        return """
                {"id": "%s", "type": "TASK", "processId": "%s", "ownerId": %s, "task": {"state": "%s"}}
                """.formatted(ID, ID, owner, state);
    }
}
