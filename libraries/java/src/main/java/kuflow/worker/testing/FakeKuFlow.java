package kuflow.worker.testing;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.temporal.client.WorkflowClient;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import kuflow.worker.Documents;
import kuflow.worker.KuFlowClient;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.RestError;
import kuflow.worker.internal.KuFlowActivities;
import kuflow.worker.internal.KuFlowCalls;
import kuflow.worker.internal.KuFlowJson;
import kuflow.worker.internal.OperationCall;
import kuflow.worker.internal.TaskData;
import kuflow.worker.internal.WorkerActivitiesImpl;
import kuflow.worker.model.KuFlowFile;
import kuflow.worker.testing.Person.Answer;
import kuflow.worker.testing.Person.TaskLog;
import kuflow.worker.workflow.SignalAction;
import org.jspecify.annotations.Nullable;

/**
 * An in-memory KuFlow for tests. It implements the operations that generated projects use, and asks a {@link Person} what to do with each
 * open task that the application does not own.
 */
public final class FakeKuFlow implements AutoCloseable {

    static final Set<String> OPEN = Set.of("READY", "CLAIMED");

    public static final UUID APPLICATION_ID = UUID.fromString("00000000-0000-4000-8000-00000000000a");
    /** The ID of the key of all confidential processes. */
    static final String KEY_ID = "00000000-0000-4000-8000-00000000000d";

    private static final byte[] KEY = "A key of 32 bytes only for tests".getBytes(StandardCharsets.UTF_8);
    private static final String TENANT_ID = "00000000-0000-4000-8000-00000000000b";
    private static final String PERSON_ID = "00000000-0000-4000-8000-00000000000c";

    private static final Map<String, String> REQUEST_TIME =
            Map.of("requestTime", "2025-10-08T10:00:00.000+02:00", "requestTimeZone", "Europe/Madrid");

    private static final ObjectMapper JSON = KuFlowJson.mapper();

    private final Person person;
    private final KuFlowCalls calls = new KuFlowCalls(this::perform, APPLICATION_ID, new MemoryDocuments());
    private final Map<String, ObjectNode> items = new LinkedHashMap<>();
    private final List<TaskLog> logs = new ArrayList<>();
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
    }

    /** Nothing has to be closed. A test declares this KuFlow together with its {@link ProcessRun}. */
    @Override
    public void close() {}

    /** The client for your own activities. */
    public KuFlowClient client() {
        return calls.client();
    }

    /** The key of confidential processes. */
    static SecretKey key(String id) {
        if (!id.equals(KEY_ID)) {
            throw new NoSuchElementException("Tests do not have the encryption key " + id
                    + ". To replay a history, export it with: ./kuflow dev history");
        }
        return new SecretKeySpec(KEY, "AES");
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

    /** Documents in memory. */
    private static final class MemoryDocuments implements Documents {

        private final Map<String, byte[]> contents = new ConcurrentHashMap<>();

        @Override
        public KuFlowFile upload(Path file, UUID processId, String name, String contentType) {
            try {
                byte[] content = Files.readAllBytes(file);
                String uri = "ku:process/" + processId + "/document/" + contents.size();
                contents.put(uri, content);
                return KuFlowFile.of(uri, contentType, content.length, name);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }

        @Override
        public void download(String uri, Path file) {
            try {
                // People attach documents too: what they contain does not matter here.
                Files.write(file, contents.getOrDefault(uri, "A document".getBytes(StandardCharsets.UTF_8)));
            } catch (IOException unwritable) {
                throw new UncheckedIOException(unwritable);
            }
        }
    }

    /** Does what a call asks for, and returns the result of the operation. */
    private synchronized Object perform(OperationCall operation, Map<String, Object> fields) {
        ObjectNode request = JSON.valueToTree(fields);
        JsonNode result = request.has("processItemId")
                ? changeItem(operation.name(), request)
                : changeProcess(operation.name(), request);
        if (lostResponses > 0) {
            lostResponses--;
            throw RestError.status("The response is lost", operation.name(), 503, null, null);
        }
        return JSON.convertValue(result, operation.resultType());
    }

    private JsonNode changeProcess(String operation, ObjectNode request) {
        switch (operation) {
            case "createProcessItem" -> {
                return create(request);
            }
            case "retrieveProcess" -> {}
            case "updateProcessMetadata" -> {
                metadata.removeAll();
                metadata.setAll((ObjectNode) request.path("metadata").path("value"));
            }
            case "patchProcessMetadata" -> request.path("jsonPatch").forEach(this::patchMetadata);
            case "cancelProcessItems" ->
                request.path("processItemIds").forEach(id -> {
                    ObjectNode task = taskOf(items.get(id.asText()));
                    if (!task.path("state").asText().equals("COMPLETED")) {
                        task.put("state", "CANCELLED");
                    }
                });
            default -> throw unsupported(operation);
        }
        ObjectNode process = JSON.createObjectNode()
                .put("id", request.path("processId").asText())
                .put("state", "RUNNING")
                .put("tenantId", TENANT_ID);
        process.putObject("metadata").put("valid", true).set("value", metadata);
        return process;
    }

    private JsonNode changeItem(String operation, JsonNode request) {
        ObjectNode item = items.get(request.path("processItemId").asText());
        if (item == null) {
            throw RestError.status("There is no such item", operation, 404, null, null);
        }
        switch (operation) {
            case "retrieveProcessItem" -> ask(item);
            case "updateProcessItemTaskData" -> taskOf(item).set("data", request.path("data"));
            case "completeProcessItemTask" -> taskOf(item).put("state", "COMPLETED");
            case "assignProcessItemTask" -> {
                item.put("ownerId", request.path("ownerId").asText(PERSON_ID));
                taskOf(item).put("state", "CLAIMED");
                ask(item);
            }
            case "appendProcessItemTaskLog" ->
                logs.add(new TaskLog(
                        codeOf(item),
                        request.path("level").asText(),
                        request.path("message").asText()));
            default -> throw unsupported(operation);
        }
        return item;
    }

    private static ApplicationFailure unsupported(String operation) {
        return ApplicationFailure.newNonRetryableFailure("not supported in tests: " + operation, "Unsupported");
    }

    private JsonNode create(ObjectNode request) {
        String code = request.path("processItemDefinitionCode").asText();
        ObjectNode item = request.retain("id", "type", "processId", "ownerId", "message");
        item.putObject("processItemDefinitionRef")
                .put("id", APPLICATION_ID.toString())
                .put("code", code);
        if (item.path("type").asText().equals("TASK")) {
            item.putObject("task").put("state", item.has("ownerId") ? "CLAIMED" : "READY");
        }
        // A repeated request creates nothing.
        ObjectNode known = items.putIfAbsent(item.path("id").asText(), item);
        // The signal comes before the response, which can happen with KuFlow too.
        return known == null ? ask(item) : known;
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

    private static ObjectNode taskOf(ObjectNode item) {
        return (ObjectNode) item.get("task");
    }

    private static String codeOf(JsonNode item) {
        return item.path("processItemDefinitionRef").path("code").asText();
    }

    /** The next responses get lost: KuFlow does what it is asked for, and the caller gets an error. */
    public synchronized void loseResponses(int count) {
        lostResponses = count;
    }
}
