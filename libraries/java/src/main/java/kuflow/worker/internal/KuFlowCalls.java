package kuflow.worker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInfo;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiFunction;
import kuflow.worker.Documents;
import kuflow.worker.KuFlowClient;
import kuflow.worker.KuFlowOperations;
import kuflow.worker.KuFlowOperations.Principal;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.RestError;
import org.jspecify.annotations.Nullable;

/** Calls the operations of KuFlow's API, for the client of your own activities and for KuFlow's activities. */
public final class KuFlowCalls implements InvocationHandler {

    private final BiFunction<OperationCall, Map<String, Object>, @Nullable Object> transport;
    private final UUID applicationId;
    private final Documents documents;
    private final KuFlowClient client;

    /** @param transport sends a request that is valid, and returns the result of the operation */
    public KuFlowCalls(
            BiFunction<OperationCall, Map<String, Object>, @Nullable Object> transport,
            UUID applicationId,
            Documents documents) {
        this.transport = transport;
        this.applicationId = applicationId;
        this.documents = documents;
        this.client = (KuFlowClient)
                Proxy.newProxyInstance(KuFlowClient.class.getClassLoader(), new Class<?>[] {KuFlowClient.class}, this);
    }

    public static KuFlowCalls of(RestClient rest, UUID applicationId) {
        return new KuFlowCalls(
                (operation, request) -> rest.call(operation.toRest(request), operation.resultType())
                        .body(),
                applicationId,
                new RestDocuments(rest));
    }

    public KuFlowClient client() {
        return client;
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) {
        if (method.getDeclaringClass() == KuFlowOperations.class && arguments != null) {
            OperationCall operation = OperationCall.ALL.get(method.getName());
            return call(operation, operation.requestOf(method, arguments));
        }
        return switch (method.getName()) {
            case "applicationId" -> applicationId;
            case "documents" -> documents;
            case "equals" -> arguments != null && proxy == arguments[0];
            case "hashCode" -> System.identityHashCode(proxy);
            default -> "KuFlowClient";
        };
    }

    /** Returns null for an operation without a result. */
    public @Nullable Object call(OperationCall operation, Map<String, Object> request) {
        OperationCall.Field id = operation.fields().get("id");
        if (id != null && !id.isRequired()) {
            request.computeIfAbsent("id", missing -> idOfActivity());
        }
        operation.validate(request);
        try {
            return send(operation, request);
        } catch (RestError refusal) {
            ProcessItem item = findDone(operation, request, refusal);
            if (item == null) {
                throw refusal;
            }
            return item;
        }
    }

    private @Nullable Object send(OperationCall operation, Map<String, Object> request) {
        Object body = transport.apply(operation, request);
        // An empty response does not prove that KuFlow did anything.
        if (body == null && !operation.declared().result().isEmpty()) {
            throw RestError.unexpected(operation.name() + ": the response has no body", operation.name());
        }
        return body;
    }

    /** The task, if KuFlow refuses an action on it that this application has already done. */
    private @Nullable ProcessItem findDone(OperationCall operation, Map<String, Object> request, RestError refusal) {
        String state = operation.declared().taskState();
        if (state.isEmpty() || !(refusal.hasStatus(403) || refusal.hasStatus(409))) {
            return null;
        }
        try {
            ProcessItem item = client.retrieveProcessItem((UUID) request.get("processItemId"));
            return state.equals(String.valueOf(item.taskState())) && isOwner(item.ownerId(), operation, request)
                    ? item
                    : null;
        } catch (RestError unreadable) {
            refusal.addSuppressed(unreadable);
            return null;
        }
    }

    private boolean isOwner(@Nullable UUID owner, OperationCall operation, Map<String, Object> request) {
        if (!operation.fields().containsKey("ownerId")) {
            return applicationId.equals(owner);
        }
        if (owner == null || request.containsKey("ownerId")) {
            return owner != null && owner.equals(request.get("ownerId"));
        }
        Principal.User user = client.retrievePrincipal(owner).user();
        return user != null
                && user.email() != null
                && user.email().equalsIgnoreCase(String.valueOf(request.get("ownerEmail")));
    }

    /** The same in every attempt of the activity. */
    private static UUID idOfActivity() {
        ActivityInfo activity = Activity.getExecutionContext().getInfo();
        String name = activity.getWorkflowId() + "/" + activity.getWorkflowRunId() + "/" + activity.getActivityId();
        return UUID.nameUUIDFromBytes(name.getBytes(UTF_8));
    }
}
