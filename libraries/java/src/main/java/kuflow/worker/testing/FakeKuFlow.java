package kuflow.worker.testing;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.client.WorkflowClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import kuflow.worker.KuFlowClient;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.internal.activity.KuFlowActivities;
import kuflow.worker.internal.activity.TaskData;
import kuflow.worker.internal.activity.WorkerActivitiesImpl;
import kuflow.worker.internal.operation.WorkerMetrics;
import kuflow.worker.internal.rest.KuFlowCalls;
import kuflow.worker.internal.rest.KuFlowJson;
import kuflow.worker.internal.rest.RestClient;
import kuflow.worker.internal.settings.Secret;
import kuflow.worker.internal.settings.WorkerSettings;
import kuflow.worker.model.KuFlowFile;
import kuflow.worker.testing.Person.Answer;
import kuflow.worker.testing.Person.TaskLog;
import kuflow.worker.workflow.SignalAction;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * An in-memory KuFlow for tests. It implements the operations that generated projects use. The person is asked about
 * each open task that the application does not own.
 */
public final class FakeKuFlow implements AutoCloseable {

    static final Set<String> OPEN = Set.of("READY", "CLAIMED");

    public static final UUID APPLICATION_ID = UUID.fromString("00000000-0000-4000-8000-00000000000a");
    /** The ID of the key of all confidential processes. */
    static final String KEY_ID = "00000000-0000-4000-8000-00000000000d";

    private static final byte[] KEY = "A key of 32 bytes only for tests".getBytes(StandardCharsets.UTF_8);
    private static final int MAX_PAYLOAD_BYTES = 100_000;
    private static final String TENANT_ID = "00000000-0000-4000-8000-00000000000b";
    private static final String PERSON_ID = "00000000-0000-4000-8000-00000000000c";

    private static final Map<String, String> REQUEST_TIME =
            Map.of("requestTime", "2025-10-08T10:00:00.000+02:00", "requestTimeZone", "Europe/Madrid");

    private static final ObjectMapper JSON = KuFlowJson.mapper();

    static {
        // Without it, each response takes 40 ms.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    /** Handles a request. The groups of the path follow the names in its pattern. */
    private interface Operation {
        Object respond(Call call);
    }

    private record Call(Matcher path, Map<String, List<String>> query, byte[] body) {

        String id() {
            return path.group(1);
        }

        JsonNode json() {
            try {
                return JSON.readTree(body);
            } catch (IOException invalid) {
                throw new UncheckedIOException(invalid);
            }
        }
    }

    private record Route(String method, Pattern path, Operation operation) {}

    private final Person person;
    private final HttpServer server;
    private final WorkerSettings settings;
    private final RestClient rest;
    private final KuFlowCalls calls;
    private final List<Route> routes = new ArrayList<>();
    private final Map<String, ObjectNode> items = new LinkedHashMap<>();
    private final List<TaskLog> logs = new ArrayList<>();
    private final Map<String, byte[]> documents = new HashMap<>();
    private final ObjectNode metadata;
    private int lostResponses;
    private @Nullable WorkflowClient workflows;

    public FakeKuFlow(Person person) {
        this(person, Map.of());
    }

    /** @param metadata the metadata of the process when it starts */
    public FakeKuFlow(Person person, Map<String, Object> metadata) {
        this.person = person;
        this.metadata = JSON.valueToTree(metadata);
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException unavailable) {
            throw new UncheckedIOException(unavailable);
        }
        addRoutes();
        server.createContext("/", this::handle);
        server.start();
        settings = settings(URI.create("http://127.0.0.1:" + server.getAddress().getPort()));
        rest = new RestClient(settings, new WorkerMetrics(new SimpleMeterRegistry()));
        calls = new KuFlowCalls(rest, APPLICATION_ID);
    }

    @Override
    public void close() {
        server.stop(0);
    }

    /** The client for your own activities. */
    public KuFlowClient client() {
        return calls.client();
    }

    /** The REST client of a worker that uses this KuFlow. */
    RestClient rest() {
        return rest;
    }

    /** The key of confidential processes. */
    static SecretKey key(String id) {
        if (!id.equals(KEY_ID)) {
            throw new NoSuchElementException("Tests do not have the encryption key " + id
                    + ". To replay a history, export it with: ./kuflow dev history");
        }
        return new SecretKeySpec(KEY, "AES");
    }

    /** The settings of a worker that uses this KuFlow. */
    public WorkerSettings settings() {
        return settings;
    }

    /** KuFlow's activities and those of every worker. */
    public List<Object> activities() {
        return List.of(new KuFlowActivities(calls), new WorkerActivitiesImpl(client(), new TaskData()));
    }

    /** The items of the process, in the order of their creation. */
    public synchronized List<ProcessItem> items() {
        return items.values().stream()
                .map(item -> JSON.convertValue(item, ProcessItem.class))
                .toList();
    }

    /** The codes of the items of the process, in the order of their creation. */
    public List<String> itemCodes() {
        return items().stream()
                .map(item -> item.processItemDefinitionRef().code())
                .toList();
    }

    /** The states of the open tasks by code, in the order of their creation. */
    synchronized Map<String, String> openTasks() {
        Map<String, String> open = new LinkedHashMap<>();
        for (ObjectNode item : items.values()) {
            String state = item.path("task").path("state").asText();
            if (OPEN.contains(state)) {
                open.put(codeOf(item), state);
            }
        }
        return open;
    }

    public synchronized List<TaskLog> logs() {
        return List.copyOf(logs);
    }

    /** The current metadata of the process. */
    public synchronized Map<String, Object> metadata() {
        return JSON.convertValue(metadata, new TypeReference<>() {});
    }

    /** Sends signals to the workflows of this client. The ID of a workflow is that of its process. */
    void connect(WorkflowClient client) {
        workflows = client;
    }

    /** Sends a signal to the workflow of a process. For the signal of a user action, use {@link #act}. */
    public void signal(UUID processId, String name, Object payload) {
        workflows.newUntypedWorkflowStub(processId.toString()).signal(name, payload);
    }

    /** Invokes an action of a process: sends its signal as KuFlow does. {@link ProcessRun#actAfter} does it while the workflow waits. */
    public <I> void act(UUID processId, SignalAction<I> action, @Nullable I input) {
        Map<String, Object> signal = new HashMap<>(REQUEST_TIME);
        signal.put("userActionDefinitionCode", action.code());
        signal.put("requestInstant", "2025-10-08T08:00:00Z");
        if (input != null) {
            signal.put("input", input);
        }
        signal(processId, action.signal(), signal);
    }

    private static WorkerSettings settings(URI endpoint) {
        return new WorkerSettings(
                new WorkerSettings.KuFlowApi(endpoint, APPLICATION_ID, Secret.of("secret"), null, null, null),
                new WorkerSettings.Temporal(
                        "localhost:7233",
                        "test",
                        "queue",
                        new WorkerSettings.MutualTls(null, null, null, null, null, null, null),
                        null),
                new WorkerSettings.Worker(
                        null, List.of(), 0, 0, null, null, WorkerSettings.LogLevel.INFO, null, 5, MAX_PAYLOAD_BYTES),
                "");
    }

    private void addRoutes() {
        route("POST", "/process-items", call -> create(call.json()));
        route("GET", "/process-items/([^/]+)", call -> ask(item(call)));
        route("PUT", "/process-items/([^/]+)/task/data", call -> {
            task(call).set("data", call.json().path("data"));
            return item(call);
        });
        route("POST", "/process-items/([^/]+)/task/~actions/complete", call -> {
            task(call).put("state", "COMPLETED");
            return item(call);
        });
        route("POST", "/process-items/([^/]+)/task/~actions/assign", call -> {
            item(call).put("ownerId", call.json().path("ownerId").asText(PERSON_ID));
            task(call).put("state", "CLAIMED");
            return ask(item(call));
        });
        route("POST", "/process-items/([^/]+)/task/~actions/append-log", call -> {
            JsonNode line = call.json();
            logs.add(new TaskLog(
                    codeOf(item(call)),
                    line.path("level").asText(),
                    line.path("message").asText()));
            return item(call);
        });
        route("POST", "/processes/([^/]+)/~actions/cancel-process-items", call -> {
            call.query().getOrDefault("processItemId", List.of()).stream()
                    .map(id -> (ObjectNode) items.get(id).path("task"))
                    .filter(task -> !task.path("state").asText().equals("COMPLETED"))
                    .forEach(task -> task.put("state", "CANCELLED"));
            return process(call);
        });
        route("GET", "/processes/([^/]+)", this::process);
        route(
                "GET",
                "/kms/keys/(.+)",
                call -> Map.of(
                        "id",
                        call.id(),
                        "value",
                        Base64.getEncoder().encodeToString(key(call.id()).getEncoded())));
        route("PUT", "/processes/([^/]+)/metadata", call -> {
            metadata.removeAll();
            metadata.setAll((ObjectNode) call.json().path("metadata").path("value"));
            return process(call);
        });
        route("PATCH", "/processes/([^/]+)/metadata", call -> {
            call.json().forEach(this::patchMetadata);
            return process(call);
        });
        route("POST", "/processes/([^/]+)/~actions/upload-document", call -> {
            String uri = "ku:process/" + call.id() + "/document/" + documents.size();
            documents.put(uri, call.body());
            String name = call.query().get("fileName").get(0);
            String type = call.query().get("fileContentType").get(0);
            return Map.of("documentUri", KuFlowFile.of(uri, type, call.body().length, name));
        });
        // People attach documents too: what they contain does not matter here.
        route(
                "GET",
                "/processes/([^/]+)/~actions/download-document",
                call -> documents.getOrDefault(
                        call.query().get("documentUri").get(0), "A document".getBytes(StandardCharsets.UTF_8)));
    }

    private void route(String method, String path, Operation operation) {
        routes.add(new Route(method, Pattern.compile(path), operation));
    }

    private JsonNode create(JsonNode request) {
        String id = request.path("id").asText();
        String code = request.path("processItemDefinitionCode").asText();
        ObjectNode item = JSON.createObjectNode()
                .put("id", id)
                .put("type", request.path("type").asText())
                .put("processId", request.path("processId").asText());
        item.putObject("processItemDefinitionRef")
                .put("id", APPLICATION_ID.toString())
                .put("code", code);
        if (request.has("ownerId")) {
            item.set("ownerId", request.get("ownerId"));
        }
        if (request.has("message")) {
            item.set("message", request.get("message"));
        }
        if (request.path("type").asText().equals("TASK")) {
            item.putObject("task").put("state", request.has("ownerId") ? "CLAIMED" : "READY");
        }
        // A repeated request creates nothing.
        if (items.putIfAbsent(id, item) != null) {
            return items.get(id);
        }
        // The signal comes before the response, which can happen with KuFlow too.
        return ask(item);
    }

    /** Asks the person for an open task, unless the application owns it. */
    private JsonNode ask(ObjectNode item) {
        boolean isOpen = OPEN.contains(item.path("task").path("state").asText());
        if (!isOpen || item.path("ownerId").asText().equals(APPLICATION_ID.toString())) {
            return item;
        }
        Answer answer = person.answer(codeOf(item), List.copyOf(logs));
        if (answer instanceof Answer.Cancel) {
            ((ObjectNode) item.get("task")).put("state", "CANCELLED");
        } else if (answer instanceof Answer.Data entered) {
            ObjectNode task = item.putObject("task").put("state", "COMPLETED");
            task.putObject("data").put("valid", true).set("value", JSON.valueToTree(entered.data()));
            complete(item);
        }
        return item;
    }

    /** KuFlow sends more than a worker reads. */
    private void complete(ObjectNode item) {
        Map<String, Object> signal = new HashMap<>(REQUEST_TIME);
        signal.put("id", item.path("id").asText());
        signal.put("type", item.path("type").asText());
        signal.put("payload", Map.of("processItemDefinitionCode", codeOf(item)));
        UUID processId = UUID.fromString(item.path("processId").asText());
        signal(processId, "KuFlow_Engine_Signal_Process_Item", signal);
    }

    private void patchMetadata(JsonNode operation) {
        String field =
                operation.path("path").asText().substring(1).replace("~1", "/").replace("~0", "~");
        if (operation.path("op").asText().equals("remove")) {
            metadata.remove(field);
        } else {
            metadata.set(field, operation.path("value"));
        }
    }

    private ObjectNode item(Call call) {
        return items.get(call.id());
    }

    private ObjectNode task(Call call) {
        return (ObjectNode) item(call).get("task");
    }

    private static String codeOf(JsonNode item) {
        return item.path("processItemDefinitionRef").path("code").asText();
    }

    private JsonNode process(Call call) {
        ObjectNode process = JSON.createObjectNode()
                .put("id", call.id())
                .put("state", "RUNNING")
                .put("tenantId", TENANT_ID);
        process.putObject("metadata").put("valid", true).set("value", metadata);
        return process;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] request = exchange.getRequestBody().readAllBytes();
            byte[] response;
            int status = 200;
            try {
                response = respond(exchange.getRequestMethod(), exchange.getRequestURI(), request);
            } catch (NoSuchElementException | NullPointerException unknown) {
                status = 404;
                response = "{}".getBytes(StandardCharsets.UTF_8);
            }
            if (isLost()) {
                status = 503;
            }
            exchange.sendResponseHeaders(status, response.length);
            exchange.getResponseBody().write(response);
        }
    }

    private synchronized boolean isLost() {
        return lostResponses-- > 0;
    }

    /** The next responses get lost: KuFlow does what it is asked for, and the caller gets an error. */
    public synchronized void loseResponses(int count) {
        lostResponses = count;
    }

    private synchronized byte[] respond(String method, URI uri, byte[] body) throws IOException {
        for (Route route : routes) {
            Matcher path = route.path().matcher(uri.getPath());
            if (route.method().equals(method) && path.matches()) {
                Object result = route.operation().respond(new Call(path, queryOf(uri), body));
                return result instanceof byte[] content ? content : JSON.writeValueAsBytes(result);
            }
        }
        throw new NoSuchElementException(method + " " + uri.getPath() + " is not supported in tests");
    }

    private static Map<String, List<String>> queryOf(URI uri) {
        return UriComponentsBuilder.fromUri(uri).build().getQueryParams();
    }
}
