package kuflow.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.type.TypeReference;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInfo;
import io.temporal.failure.ApplicationFailure;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;
import kuflow.worker.internal.rest.Heartbeats;
import kuflow.worker.internal.rest.RestClient;
import kuflow.worker.internal.rest.RestRequest;
import kuflow.worker.internal.rest.RestResponse;
import kuflow.worker.model.Find;
import kuflow.worker.model.FindBusinessArtifacts;
import kuflow.worker.model.FindProcessItems;
import kuflow.worker.model.FindProcesses;
import kuflow.worker.model.JsonPatchOperation;
import kuflow.worker.model.JsonValue;
import kuflow.worker.model.LogLevel;
import kuflow.worker.model.Page;
import kuflow.worker.model.Principal;
import kuflow.worker.model.Process;
import kuflow.worker.model.ProcessItem;
import kuflow.worker.model.ProcessItem.TaskState;
import kuflow.worker.model.Requests.CreateBusinessArtifact;
import kuflow.worker.model.Requests.CreateBusinessArtifactAction;
import kuflow.worker.model.Requests.CreateProcessAction;
import kuflow.worker.model.Requests.CreateProcessItem;
import kuflow.worker.model.TenantUser;
import org.jspecify.annotations.Nullable;

/**
 * KuFlow for activities: one method for each of KuFlow's activities, and the transfer of documents. A failed call is
 * repeated at most once, and then throws a {@link RestError}. If an activity does not catch it, Temporal repeats the
 * activity.
 */
public final class KuFlowClient {

    private static final TypeReference<Page<Process>> PROCESSES = new TypeReference<>() {};
    private static final TypeReference<Page<ProcessItem>> PROCESS_ITEMS = new TypeReference<>() {};
    private static final TypeReference<Page<Map<String, Object>>> BUSINESS_ARTIFACTS = new TypeReference<>() {};
    private static final TypeReference<Map<String, Object>> FIELDS = new TypeReference<>() {};

    private final RestClient rest;
    private final UUID applicationId;
    private final Documents documents;

    public KuFlowClient(RestClient rest, UUID applicationId) {
        this.rest = rest;
        this.applicationId = applicationId;
        this.documents = new Documents(rest);
    }

    /** The application whose credentials this worker uses. Its ID is its principal ID. */
    public UUID applicationId() {
        return applicationId;
    }

    public Documents documents() {
        return documents;
    }

    public Principal retrievePrincipal(UUID principalId) {
        String path = "/principals/" + required("principalId", principalId);
        return send(RestRequest.of("retrievePrincipal", "GET", path), Principal.class);
    }

    public TenantUser retrieveTenantUser(UUID tenantUserId) {
        String path = "/tenant-users/" + required("tenantUserId", tenantUserId);
        return send(RestRequest.of("retrieveTenantUser", "GET", path), TenantUser.class);
    }

    public Page<Process> findProcesses(FindProcesses filters) {
        return send(query(RestRequest.of("findProcesses", "GET", "/processes"), filters), PROCESSES);
    }

    public Process retrieveProcess(UUID processId) {
        return send(RestRequest.of("retrieveProcess", "GET", process(processId)), Process.class);
    }

    public void deleteProcess(UUID processId) {
        delete(RestRequest.of("deleteProcess", "DELETE", process(processId)));
    }

    public Process updateProcessEntity(UUID processId, JsonValue<?> entity) {
        return send(
                RestRequest.of("updateProcessEntity", "PUT", process(processId) + "/entity")
                        .body(fields("entity", required("entity", entity))),
                Process.class);
    }

    public Process patchProcessEntity(UUID processId, List<JsonPatchOperation> jsonPatch) {
        return send(
                patch(RestRequest.of("patchProcessEntity", "PATCH", process(processId) + "/entity"), jsonPatch),
                Process.class);
    }

    public Process updateProcessMetadata(UUID processId, JsonValue<?> metadata) {
        return send(
                RestRequest.of("updateProcessMetadata", "PUT", process(processId) + "/metadata")
                        .body(fields("metadata", required("metadata", metadata))),
                Process.class);
    }

    public Process patchProcessMetadata(UUID processId, List<JsonPatchOperation> jsonPatch) {
        return send(
                patch(RestRequest.of("patchProcessMetadata", "PATCH", process(processId) + "/metadata"), jsonPatch),
                Process.class);
    }

    /** One of ID and email address is required. */
    public Process changeProcessInitiator(UUID processId, @Nullable UUID initiatorId, @Nullable String initiatorEmail) {
        requireOne("initiatorId", initiatorId, "initiatorEmail", initiatorEmail);
        return send(
                RestRequest.of("changeProcessInitiator", "POST", process(processId) + "/~actions/change-initiator")
                        .body(fields("initiatorId", initiatorId, "initiatorEmail", initiatorEmail)),
                Process.class);
    }

    /**
     * Without an ID, it gets one that is the same in every attempt of the activity. Set the ID if an activity creates more
     * than one.
     */
    public Map<String, Object> createProcessAction(CreateProcessAction action) {
        return send(
                RestRequest.of("createProcessAction", "POST", process(action.processId()) + "/actions")
                        .body(fields(
                                "id",
                                idOrDefault(action.id()),
                                "processActionDefinitionCode",
                                required("processActionDefinitionCode", action.processActionDefinitionCode()),
                                "createTask",
                                action.createTask(),
                                "createProcessItemMessage",
                                action.createProcessItemMessage(),
                                "startRelatedProcess",
                                action.startRelatedProcess(),
                                "sendWorkflowSignal",
                                action.sendWorkflowSignal())),
                FIELDS);
    }

    public Map<String, Object> retrieveProcessAction(UUID processId, UUID processActionId) {
        return send(RestRequest.of("retrieveProcessAction", "GET", processAction(processId, processActionId)), FIELDS);
    }

    public Map<String, Object> cancelProcessAction(UUID processId, UUID processActionId) {
        String path = processAction(processId, processActionId) + "/~actions/cancel";
        return send(RestRequest.of("cancelProcessAction", "POST", path), FIELDS);
    }

    public Page<ProcessItem> findProcessItems(FindProcessItems filters) {
        return send(query(RestRequest.of("findProcessItems", "GET", "/process-items"), filters), PROCESS_ITEMS);
    }

    public ProcessItem retrieveProcessItem(UUID processItemId) {
        return send(RestRequest.of("retrieveProcessItem", "GET", item(processItemId)), ProcessItem.class);
    }

    public ProcessItem createProcessItem(CreateProcessItem item) {
        validate(item);
        return send(
                RestRequest.of("createProcessItem", "POST", "/process-items").body(item), ProcessItem.class);
    }

    public ProcessItem completeProcessItemTask(UUID processItemId) {
        String path = item(processItemId) + "/task/~actions/complete";
        return unlessDone(
                processItemId,
                () -> send(RestRequest.of("completeProcessItemTask", "POST", path), ProcessItem.class),
                item -> item.taskState() == TaskState.COMPLETED && applicationId.equals(item.ownerId()));
    }

    public ProcessItem claimProcessItemTask(UUID processItemId) {
        String path = item(processItemId) + "/task/~actions/claim";
        return unlessDone(
                processItemId,
                () -> send(RestRequest.of("claimProcessItemTask", "POST", path), ProcessItem.class),
                item -> item.taskState() == TaskState.CLAIMED && applicationId.equals(item.ownerId()));
    }

    /** One of ID and email address is required. */
    public ProcessItem assignProcessItemTask(UUID processItemId, @Nullable UUID ownerId, @Nullable String ownerEmail) {
        requireOne("ownerId", ownerId, "ownerEmail", ownerEmail);
        String path = item(processItemId) + "/task/~actions/assign";
        return unlessDone(
                processItemId,
                () -> send(
                        RestRequest.of("assignProcessItemTask", "POST", path)
                                .body(fields("ownerId", ownerId, "ownerEmail", ownerEmail)),
                        ProcessItem.class),
                item -> item.taskState() == TaskState.CLAIMED && isOwner(item.ownerId(), ownerId, ownerEmail));
    }

    public ProcessItem updateProcessItemTaskData(UUID processItemId, JsonValue<?> data) {
        return send(
                RestRequest.of("updateProcessItemTaskData", "PUT", item(processItemId) + "/task/data")
                        .body(fields("data", required("data", data))),
                ProcessItem.class);
    }

    public ProcessItem patchProcessItemTaskData(UUID processItemId, List<JsonPatchOperation> jsonPatch) {
        return send(
                patch(
                        RestRequest.of("patchProcessItemTaskData", "PATCH", item(processItemId) + "/task/data"),
                        jsonPatch),
                ProcessItem.class);
    }

    public ProcessItem appendProcessItemTaskLog(UUID processItemId, String message, LogLevel level) {
        return send(
                RestRequest.of("appendProcessItemTaskLog", "POST", item(processItemId) + "/task/~actions/append-log")
                        .body(fields("level", required("level", level), "message", required("message", message)))
                        .neverRepeated(),
                ProcessItem.class);
    }

    public ProcessItem updateProcessItemTaskContextData(UUID processItemId, JsonValue<?> data) {
        return send(
                RestRequest.of("updateProcessItemTaskContextData", "PUT", item(processItemId) + "/task/context-data")
                        .body(fields("data", required("data", data))),
                ProcessItem.class);
    }

    public Map<String, Object> generateProcessItemAiAssistance(UUID processItemId, UUID requestId) {
        return send(
                RestRequest.of("generateProcessItemAiAssistance", "POST", aiAssistance(processItemId))
                        .body(fields("requestId", required("requestId", requestId))),
                FIELDS);
    }

    public Map<String, Object> retrieveProcessItemAiAssistance(UUID processItemId) {
        return send(RestRequest.of("retrieveProcessItemAiAssistance", "GET", aiAssistance(processItemId)), FIELDS);
    }

    /** Cancels all open items of the process, or only those listed. */
    public Process cancelProcessItems(UUID processId, @Nullable List<UUID> processItemIds) {
        String path = process(processId) + "/~actions/cancel-process-items";
        return send(
                RestRequest.of("cancelProcessItems", "POST", path).query("processItemId", processItemIds),
                Process.class);
    }

    public Page<Map<String, Object>> findBusinessArtifacts(FindBusinessArtifacts filters) {
        return send(
                query(RestRequest.of("findBusinessArtifacts", "GET", "/business-artifacts"), filters),
                BUSINESS_ARTIFACTS);
    }

    /**
     * Without an ID, it gets one that is the same in every attempt of the activity. Set the ID if an activity creates more
     * than one.
     */
    public Map<String, Object> createBusinessArtifact(CreateBusinessArtifact artifact) {
        UUID definitionId = artifact.businessArtifactDefinitionId();
        String definitionCode = artifact.businessArtifactDefinitionCode();
        requireOne("businessArtifactDefinitionId", definitionId, "businessArtifactDefinitionCode", definitionCode);
        return send(
                RestRequest.of("createBusinessArtifact", "POST", "/business-artifacts")
                        .body(fields(
                                "id",
                                idOrDefault(artifact.id()),
                                "businessArtifactDefinitionId",
                                definitionId,
                                "businessArtifactDefinitionCode",
                                definitionCode,
                                "tenantId",
                                artifact.tenantId(),
                                "data",
                                artifact.data())),
                FIELDS);
    }

    public Map<String, Object> retrieveBusinessArtifact(UUID businessArtifactId) {
        return send(RestRequest.of("retrieveBusinessArtifact", "GET", artifact(businessArtifactId)), FIELDS);
    }

    public void deleteBusinessArtifact(UUID businessArtifactId) {
        delete(RestRequest.of("deleteBusinessArtifact", "DELETE", artifact(businessArtifactId)));
    }

    public Map<String, Object> updateBusinessArtifact(UUID businessArtifactId, JsonValue<?> data) {
        return send(
                RestRequest.of("updateBusinessArtifact", "PUT", artifact(businessArtifactId) + "/data")
                        .body(fields("data", required("data", data))),
                FIELDS);
    }

    public Map<String, Object> patchBusinessArtifact(UUID businessArtifactId, List<JsonPatchOperation> jsonPatch) {
        return send(
                patch(
                        RestRequest.of("patchBusinessArtifact", "PATCH", artifact(businessArtifactId) + "/data"),
                        jsonPatch),
                FIELDS);
    }

    /**
     * Without an ID, it gets one that is the same in every attempt of the activity. Set the ID if an activity creates more
     * than one.
     */
    public Map<String, Object> createBusinessArtifactAction(CreateBusinessArtifactAction action) {
        return send(
                RestRequest.of(
                                "createBusinessArtifactAction",
                                "POST",
                                artifact(action.businessArtifactId()) + "/actions")
                        .body(fields(
                                "id",
                                idOrDefault(action.id()),
                                "businessArtifactActionDefinitionCode",
                                required(
                                        "businessArtifactActionDefinitionCode",
                                        action.businessArtifactActionDefinitionCode()),
                                "startWorkflow",
                                action.startWorkflow(),
                                "downloadable",
                                action.downloadable(),
                                "startProcess",
                                action.startProcess(),
                                "createArtifact",
                                action.createArtifact())),
                FIELDS);
    }

    public Map<String, Object> retrieveBusinessArtifactAction(UUID businessArtifactId, UUID businessArtifactActionId) {
        String path = artifactAction(businessArtifactId, businessArtifactActionId);
        return send(RestRequest.of("retrieveBusinessArtifactAction", "GET", path), FIELDS);
    }

    public Map<String, Object> cancelBusinessArtifactAction(UUID businessArtifactId, UUID businessArtifactActionId) {
        String path = artifactAction(businessArtifactId, businessArtifactActionId) + "/~actions/cancel";
        return send(RestRequest.of("cancelBusinessArtifactAction", "POST", path), FIELDS);
    }

    public Map<String, Object> prepareBusinessArtifactActionCreateArtifact(
            UUID businessArtifactId, String businessArtifactActionDefinitionCode) {
        return prepare(
                "prepareBusinessArtifactActionCreateArtifact",
                artifact(businessArtifactId) + "/~actions/prepare-create-artifact",
                businessArtifactActionDefinitionCode);
    }

    public Map<String, Object> prepareBusinessArtifactActionStartProcess(
            UUID businessArtifactId, String businessArtifactActionDefinitionCode) {
        return prepare(
                "prepareBusinessArtifactActionStartProcess",
                artifact(businessArtifactId) + "/~actions/prepare-start-process",
                businessArtifactActionDefinitionCode);
    }

    private Map<String, Object> prepare(String operation, String path, String code) {
        return send(
                RestRequest.of(operation, "POST", path)
                        .body(fields(
                                "businessArtifactActionDefinitionCode",
                                required("businessArtifactActionDefinitionCode", code))),
                FIELDS);
    }

    private <T> T send(RestRequest request, Class<T> type) {
        return bodyOf(request, rest.call(heartbeating(request), type));
    }

    private <T> T send(RestRequest request, TypeReference<T> type) {
        return bodyOf(request, rest.call(heartbeating(request), type));
    }

    private void delete(RestRequest request) {
        rest.call(heartbeating(request), Object.class);
    }

    /** While a call is in progress, the activity sends heartbeats, which end the call if the activity is canceled. */
    private static RestRequest heartbeating(RestRequest request) {
        return request.whileWaiting(Heartbeats.ofCurrentActivity());
    }

    private static <T> T bodyOf(RestRequest request, RestResponse<T> response) {
        T body = response.body();
        // An empty response does not prove that KuFlow did anything.
        if (body == null) {
            throw RestError.unexpected(request.operation() + ": the response has no body", request.operation());
        }
        return body;
    }

    /**
     * The result of an action on a task. If KuFlow refuses the action because this application has already done it, the
     * first response was lost, and the action counts as a success.
     */
    private ProcessItem unlessDone(UUID processItemId, Supplier<ProcessItem> action, Predicate<ProcessItem> isDone) {
        try {
            return action.get();
        } catch (RestError refusal) {
            if (!refusal.hasStatus(403) && !refusal.hasStatus(409)) {
                throw refusal;
            }
            try {
                ProcessItem item = retrieveProcessItem(processItemId);
                if (isDone.test(item)) {
                    return item;
                }
            } catch (RestError unreadable) {
                refusal.addSuppressed(unreadable);
            }
            throw refusal;
        }
    }

    private boolean isOwner(@Nullable UUID actual, @Nullable UUID ownerId, @Nullable String ownerEmail) {
        if (actual == null || ownerId != null) {
            return actual != null && actual.equals(ownerId);
        }
        Principal.User user = retrievePrincipal(actual).user();
        return user != null && user.email() != null && user.email().equalsIgnoreCase(ownerEmail);
    }

    private static String process(UUID id) {
        return "/processes/" + required("processId", id);
    }

    private static String processAction(UUID processId, UUID id) {
        return process(processId) + "/actions/" + required("processActionId", id);
    }

    private static String item(UUID id) {
        return "/process-items/" + required("processItemId", id);
    }

    private static String aiAssistance(UUID processItemId) {
        return item(processItemId) + "/~actions/ai-assistance";
    }

    private static String artifact(UUID id) {
        return "/business-artifacts/" + required("businessArtifactId", id);
    }

    private static String artifactAction(UUID businessArtifactId, UUID id) {
        return artifact(businessArtifactId) + "/actions/" + required("businessArtifactActionId", id);
    }

    /** Activities use plural names for filters; the API uses singular ones. */
    private static RestRequest query(RestRequest request, Find<?> filters) {
        RestRequest result = request;
        for (Map.Entry<String, Object> filter : filters.filters().entrySet()) {
            result = result.query(filter.getKey().replaceFirst("s$", ""), filter.getValue());
        }
        return result;
    }

    private static RestRequest patch(RestRequest request, List<JsonPatchOperation> jsonPatch) {
        return request.body(required("jsonPatch", jsonPatch), "application/json-patch+json");
    }

    /** A body with these fields: names and values in turn. Fields without a value are left out. */
    private static Map<String, Object> fields(@Nullable Object... fields) {
        Map<String, Object> body = new LinkedHashMap<>();
        for (int i = 0; i < fields.length; i += 2) {
            Object value = fields[i + 1];
            if (value != null && !isMissing(value)) {
                body.put(String.valueOf(fields[i]), value);
            }
        }
        return body;
    }

    /** Checks the fields that KuFlow requires for the type of a process item. */
    private static void validate(CreateProcessItem item) {
        required("id", item.id());
        required("processId", item.processId());
        required("type", item.type());
        if (item.type() != ProcessItem.Type.MESSAGE) {
            required("processItemDefinitionCode", item.processItemDefinitionCode());
            return;
        }
        CreateProcessItem.Message message = required("message", item.message());
        if (isMissing(message.text()) && isMissing(message.data())) {
            throw invalid("'message.text' and/or 'message.data' is required for message items");
        }
        if (!isMissing(message.data()) && isMissing(message.dataStructureDataDefinitionCode())) {
            throw invalid("'message.dataStructureDataDefinitionCode' is required for message items when 'message.data'"
                    + " is set");
        }
    }

    private static <T> T required(String name, @Nullable T value) {
        if (value == null || isMissing(value)) {
            throw invalid("'" + name + "' is required");
        }
        return value;
    }

    private static void requireOne(String name, @Nullable Object value, String other, @Nullable Object otherValue) {
        if (isMissing(value) && isMissing(otherValue)) {
            throw invalid("'" + name + "' or '" + other + "' is required");
        }
    }

    private static boolean isMissing(@Nullable Object value) {
        return value == null || value.equals("") || (value instanceof Collection<?> collection && collection.isEmpty());
    }

    /** A request that can never succeed. Temporal does not repeat the activity. */
    private static ApplicationFailure invalid(String message) {
        return ApplicationFailure.newNonRetryableFailure(message, "KuFlowActivities.ValidationFailure");
    }

    private static UUID idOrDefault(@Nullable UUID id) {
        if (id != null) {
            return id;
        }
        ActivityInfo activity = Activity.getExecutionContext().getInfo();
        String name = activity.getWorkflowId() + "/" + activity.getWorkflowRunId() + "/" + activity.getActivityId();
        return UUID.nameUUIDFromBytes(name.getBytes(UTF_8));
    }
}
