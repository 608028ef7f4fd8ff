package kuflow.worker.testing;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;

/**
 * A local KuFlow with a worker of the project, as a JUnit extension: a static field with {@code @RegisterExtension}. It is in memory, uses
 * free ports, and is shared by all test classes of the JVM, with which it ends. To use a {@code kuflow dev} that is running with its worker,
 * set the environment variable KUFLOW_DEV_STATE_FILE to the path of its {@code .kuflow/dev/platform.json}.
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

    private LocalConnection connection() {
        if (connection == null) {
            throw new IllegalStateException("It has not started: use a static field with @RegisterExtension");
        }
        return connection;
    }
}
