package kuflow.worker.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kuflow.worker.KuFlowOperations.Process.State;
import kuflow.worker.KuFlowOperations.ProcessAction;
import kuflow.worker.KuFlowOperations.ProcessAction.Status;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.testing.Person.TaskLog;
import org.jspecify.annotations.Nullable;

/** A process in the local KuFlow. */
public final class LocalProcess {

    /** For slow machines. */
    private static final Duration LIMIT =
            Duration.ofSeconds(Long.parseLong(System.getenv().getOrDefault("KUFLOW_TEST_SECONDS", "30")));

    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

    private final LocalConnection connection;
    private final UUID id;
    private final String code;
    private final @Nullable String email;

    LocalProcess(LocalConnection connection, UUID id, String code, @Nullable String email) {
        this.connection = connection;
        this.id = id;
        this.code = code;
        this.email = email;
    }

    /** A task of a process. */
    public final class Task {

        private final String task;

        private Task(String task) {
            this.task = task;
        }

        /** Completes the task as {@link #complete(Map)} does, with valid example data. */
        public void complete() {
            JsonNode open = find();
            Map<String, Object> wanted = Map.of("task", task, "processId", id);
            String path = "/definitions/"
                    + URLEncoder.encode(code, StandardCharsets.UTF_8).replace("+", "%20");
            complete(open, connection.dev("POST", path + "/examples", wanted).path("value"));
        }

        /**
         * Waits for the task, claims it, and completes it.
         *
         * @throws IllegalArgumentException if the data is not valid
         */
        public void complete(Map<String, ?> data) {
            complete(find(), data);
        }

        private JsonNode find() {
            JsonNode found = await(Map.of("task", task), LIMIT);
            return items(found)
                    .filter(item -> item.path("code").asText().equals(task) && isOpen(item))
                    .findFirst()
                    .orElseThrow();
        }

        private void complete(JsonNode open, Object value) {
            String token = connection.tokenOf(email);
            String path = "/process-items/" + open.path("id").asText() + "/task";
            if (open.path("state").asText().equals("READY")) {
                connection.api("POST", path + "/~actions/claim", token, null);
            }
            JsonNode data = connection
                    .api("PUT", path + "/data", token, Map.of("data", Map.of("value", value)))
                    .path("task")
                    .path("data");
            if (!data.path("valid").asBoolean(true)) {
                throw new IllegalArgumentException("The data of task " + task + " is not valid: "
                        + data.path("errors")
                                .valueStream()
                                .map(error -> error.path("propertyPath").asText() + " "
                                        + error.path("type").asText())
                                .collect(Collectors.joining(", ")));
            }
            connection.api("POST", path + "/~actions/complete", token, null);
        }
    }

    public UUID id() {
        return id;
    }

    /** The same process as another user, by email. */
    public LocalProcess as(String user) {
        return new LocalProcess(connection, id, code, user);
    }

    /** A task, which may not exist yet. If several have this code, it is the open one. */
    public Task task(String taskCode) {
        return new Task(taskCode);
    }

    /** Invokes a user action and waits until it has ended. */
    public ProcessAction act(String action) {
        return act(action, null);
    }

    /**
     * Invokes a user action and waits until it has ended.
     *
     * @param input the input of a signal, or the text of a message
     * @throws AssertionError if the action fails, or does not end within KUFLOW_TEST_SECONDS (30 by default)
     */
    public ProcessAction act(String action, @Nullable Object input) {
        Map<String, Object> body = new HashMap<>(Map.of("processActionDefinitionCode", action));
        if (input instanceof String text) {
            body.put("createProcessItemMessage", Map.of("text", text));
        } else if (input != null) {
            body.put("sendWorkflowSignal", Map.of("input", input));
        }
        String path = "/processes/" + id + "/actions";
        long start = System.nanoTime();
        ProcessAction invoked = callAction("POST", path, body);
        while (invoked.status() == Status.REQUESTED && System.nanoTime() - start < LIMIT.toNanos()) {
            LockSupport.parkNanos(POLL_INTERVAL.toNanos());
            invoked = callAction("GET", path + "/" + invoked.id(), null);
        }
        if (invoked.status() != Status.COMPLETED) {
            throw new AssertionError("Action " + action + " of process " + code + " " + id + " is not COMPLETED: it is "
                    + invoked.status());
        }
        return invoked;
    }

    private ProcessAction callAction(String method, String path, @Nullable Object body) {
        JsonNode action = connection.api(method, path, connection.tokenOf(email), body);
        return LocalConnection.JSON.convertValue(action, ProcessAction.class);
    }

    /** Sends a signal without an argument to the workflow. */
    public void signal(String name) {
        signal(name, null);
    }

    /** Sends a signal to the workflow. For the signal of a user action, use {@link #act(String, Object)}. */
    public void signal(String name, @Nullable Object input) {
        Map<String, Object> body = new HashMap<>(Map.of("name", name));
        if (input != null) {
            body.put("input", input);
        }
        connection.dev("POST", "/processes/" + id + "/signals", body);
    }

    /** The items of the process with their data, in the order of their creation. */
    public List<ProcessItem> items() {
        return readItems()
                .map(item -> LocalConnection.JSON.convertValue(item, ProcessItem.class))
                .toList();
    }

    /** The lines in the logs of the tasks. */
    public List<TaskLog> logs() {
        List<TaskLog> logs = new ArrayList<>();
        readItems()
                .forEach(item -> item.path("task").path("logs").forEach(line -> {
                    String task =
                            item.path("processItemDefinitionRef").path("code").asText();
                    logs.add(new TaskLog(
                            task,
                            line.path("level").asText(),
                            line.path("message").asText()));
                }));
        return logs;
    }

    private Stream<JsonNode> readItems() {
        String token = connection.tokenOf(email);
        JsonNode found = connection.dev("POST", "/processes/" + id + "/wait", Map.of("timeoutSeconds", 0));
        return items(found)
                .map(item -> connection.api(
                        "GET", "/process-items/" + item.path("id").asText(), token, null));
    }

    /**
     * Waits for a state.
     *
     * @throws AssertionError if the process does not reach it within KUFLOW_TEST_SECONDS (30 by default), or no longer can. The message
     *     names the open tasks, the worker that polls, and the last failure
     */
    public void waitFor(State state) {
        waitFor(state, LIMIT);
    }

    /** Waits for a state as {@link #waitFor(State)} does, with another limit. */
    public void waitFor(State state, Duration limit) {
        await(Map.of("states", List.of(state)), limit);
    }

    private JsonNode await(Map<String, ?> wanted, Duration limit) {
        Map<String, Object> body = new HashMap<>(wanted);
        body.put("timeoutSeconds", limit.toMillis() / 1_000.0);
        JsonNode found = connection.dev("POST", "/processes/" + id + "/wait", body);
        if (!found.path("reached").asBoolean()) {
            throw new AssertionError(found.path("problem").asText());
        }
        return found;
    }

    private static Stream<JsonNode> items(JsonNode found) {
        return found.path("items").valueStream();
    }

    private static boolean isOpen(JsonNode item) {
        return FakeKuFlow.OPEN.contains(item.path("state").asText());
    }
}
