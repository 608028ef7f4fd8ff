package kuflow.worker.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * A JUnit extension that runs a local KuFlow with the project's worker. Declare the extension as a static field with
 * {@code @RegisterExtension}. The local KuFlow uses free ports and a temporary folder, and is shared by all test classes until the JVM exits. To
 * use a running {@code kuflow dev} and its worker, set the environment variable KUFLOW_DEV_STATE_FILE to the path of its
 * {@code .kuflow/dev/platform.json}.
 */
public final class LocalKuFlow implements BeforeAllCallback {

    private final Class<?> application;
    private final @Nullable String email;
    private @Nullable LocalConnection connection;

    /** @param application the class of the worker with {@code main} */
    public LocalKuFlow(Class<?> application) {
        this(application, null, null);
    }

    private LocalKuFlow(Class<?> application, @Nullable String email, @Nullable LocalConnection connection) {
        this.application = application;
        this.email = email;
        this.connection = connection;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        connection = context.getRoot()
                .getStore(Namespace.create(LocalKuFlow.class))
                .computeIfAbsent(application, LocalConnection::open, LocalConnection.class);
    }

    /** The same local KuFlow as another user, by email. */
    public LocalKuFlow as(String user) {
        return new LocalKuFlow(application, user, connection());
    }

    /** Starts a process. */
    public LocalProcess start(String code) {
        return start(code, null);
    }

    /** Starts a process with metadata. */
    public LocalProcess start(String code, @Nullable Map<String, ?> metadata) {
        Map<String, Object> body = new HashMap<>(
                Map.of("processDefinitionCode", code, "tenantId", connection().tenantId()));
        if (metadata != null) {
            body.put("metadata", Map.of("value", metadata));
        }
        String id = connection()
                .api("POST", "/processes", connection().tokenOf(email), body)
                .path("id")
                .asText();
        return new LocalProcess(connection(), UUID.fromString(id), code, email);
    }

    /** Makes the next calls of an operation fail, such as {@code createProcessItem} with {@code Map.of("kind", "drop-answer")}. */
    public void fault(String operationId, Map<String, ?> action, int times) {
        connection().dev("POST", "/faults", Map.of("operationId", operationId, "action", action, "times", times));
    }

    /** Skips time as {@link #skip(Duration)} does, until a process changes. */
    public void skip() {
        skip(Map.of());
    }

    /**
     * Skips time for all processes, so that deadlines pass.
     *
     * @throws AssertionError if a workflow does not finish its work, or if there is nothing to skip to
     */
    public void skip(Duration duration) {
        skip(Map.of("seconds", duration.toSeconds()));
    }

    private void skip(Map<String, ?> wanted) {
        JsonNode result = connection().dev("POST", "/clock/skip", wanted);
        String end = result.path("end").asText();
        if (end.equals("time-limit")) {
            // The local KuFlow answers after two minutes at the latest.
            skip(result.has("until") ? Map.of("until", result.path("until").asText()) : Map.of());
        } else if (!end.equals("reached") && !end.equals("acted")) {
            StringBuilder problem = new StringBuilder("Time was not skipped: ")
                    .append(end.equals("idle") ? "no pending timer would change a process" : end);
            result.path("behind")
                    .forEach(workflow -> problem.append("\n")
                            .append(workflow.path("workflowId").asText())
                            .append(": ")
                            .append(workflow.path("reason").asText()));
            throw new AssertionError(problem);
        }
    }

    private LocalConnection connection() {
        if (connection == null) {
            throw new IllegalStateException(
                    "The local KuFlow has not started: use a static field with @RegisterExtension");
        }
        return connection;
    }
}
