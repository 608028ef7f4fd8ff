package kuflow.worker;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import kuflow.worker.internal.Operation;
import kuflow.worker.model.KuFlowFile;
import kuflow.worker.model.LogLevel;
import org.jspecify.annotations.Nullable;

/**
 * The operations of KuFlow's API that are available as activities, and the types of their data. Your own activities call these operations
 * with the {@link KuFlowClient} that Spring injects. Workflow code calls them with {@link kuflow.worker.workflow.KuFlowProcess#kuflowActivities()}.
 *
 * <p>When you create an object, an ID that is {@code @Nullable} is optional. The default ID is the same for every attempt of the
 * activity. If an activity creates more than one object, set the IDs yourself.
 *
 * <p>Search filters are combined with "and". A filter with several values matches any of them. All searches accept
 * {@code page} (default: 0), {@code size} (at most 1000, default: 25), {@code sorts} (such as {@code createdAt,desc}),
 * {@code tenantIds} and {@code deleted} (EXCLUDE, INCLUDE or ONLY).
 */
public interface KuFlowOperations {

    @Operation(call = "GET /principals/{principalId}", result = "principal")
    Principal retrievePrincipal(UUID principalId);

    @Operation(call = "GET /tenant-users/{tenantUserId}", result = "tenantUser")
    TenantUser retrieveTenantUser(UUID tenantUserId);

    /**
     * @param filters {@code processDefinitionIds}, {@code processDefinitionCodes}, {@code states}, {@code initiatorIds},
     *     {@code initiatorEmails}, and {@code metadata}: expressions such as {@code amount between 10 20} for exactly one definition
     */
    @Operation(call = "GET /processes", result = "processes")
    Page<Process> findProcesses(Map<String, ?> filters);

    @Operation(call = "GET /processes/{processId}", result = "process")
    Process retrieveProcess(UUID processId);

    @Operation(call = "DELETE /processes/{processId}")
    void deleteProcess(UUID processId);

    @Operation(call = "PUT /processes/{processId}/entity", result = "process")
    Process updateProcessEntity(UUID processId, JsonValue<?> entity);

    @Operation(call = "PATCH /processes/{processId}/entity", result = "process")
    Process patchProcessEntity(UUID processId, List<JsonPatchOperation> jsonPatch);

    @Operation(call = "PUT /processes/{processId}/metadata", result = "process")
    Process updateProcessMetadata(UUID processId, JsonValue<?> metadata);

    @Operation(call = "PATCH /processes/{processId}/metadata", result = "process")
    Process patchProcessMetadata(UUID processId, List<JsonPatchOperation> jsonPatch);

    /** The ID or the email address is required. */
    @Operation(
            call = "POST /processes/{processId}/~actions/change-initiator",
            result = "process",
            oneOf = {"initiatorId", "initiatorEmail"})
    Process changeProcessInitiator(UUID processId, @Nullable UUID initiatorId, @Nullable String initiatorEmail);

    @Operation(call = "POST /processes/{processId}/actions", result = "processAction")
    ProcessAction createProcessAction(CreateProcessAction action);

    @Operation(call = "GET /processes/{processId}/actions/{processActionId}", result = "processAction")
    ProcessAction retrieveProcessAction(UUID processId, UUID processActionId);

    @Operation(call = "POST /processes/{processId}/actions/{processActionId}/~actions/cancel", result = "processAction")
    ProcessAction cancelProcessAction(UUID processId, UUID processActionId);

    /**
     * @param filters {@code processIds}, {@code types}, {@code taskStates}, {@code processItemDefinitionCodes},
     *     {@code processDefinitionIds}, {@code processDefinitionCodes}
     */
    @Operation(call = "GET /process-items", result = "processItems")
    Page<ProcessItem> findProcessItems(Map<String, ?> filters);

    @Operation(call = "GET /process-items/{processItemId}", result = "processItem")
    ProcessItem retrieveProcessItem(UUID processItemId);

    @Operation(call = "POST /process-items", result = "processItem")
    ProcessItem createProcessItem(CreateProcessItem item);

    @Operation(
            call = "POST /process-items/{processItemId}/task/~actions/complete",
            result = "processItem",
            taskState = "COMPLETED")
    ProcessItem completeProcessItemTask(UUID processItemId);

    @Operation(
            call = "POST /process-items/{processItemId}/task/~actions/claim",
            result = "processItem",
            taskState = "CLAIMED")
    ProcessItem claimProcessItemTask(UUID processItemId);

    /** The ID or the email address is required. */
    @Operation(
            call = "POST /process-items/{processItemId}/task/~actions/assign",
            result = "processItem",
            oneOf = {"ownerId", "ownerEmail"},
            taskState = "CLAIMED")
    ProcessItem assignProcessItemTask(UUID processItemId, @Nullable UUID ownerId, @Nullable String ownerEmail);

    @Operation(call = "PUT /process-items/{processItemId}/task/data", result = "processItem")
    ProcessItem updateProcessItemTaskData(UUID processItemId, JsonValue<?> data);

    @Operation(call = "PATCH /process-items/{processItemId}/task/data", result = "processItem")
    ProcessItem patchProcessItemTaskData(UUID processItemId, List<JsonPatchOperation> jsonPatch);

    @Operation(
            call = "POST /process-items/{processItemId}/task/~actions/append-log",
            result = "processItem",
            isRepeatable = false)
    ProcessItem appendProcessItemTaskLog(UUID processItemId, String message, LogLevel level);

    @Operation(call = "PUT /process-items/{processItemId}/task/context-data", result = "processItem")
    ProcessItem updateProcessItemTaskContextData(UUID processItemId, JsonValue<?> data);

    @Operation(call = "POST /process-items/{processItemId}/~actions/ai-assistance", result = "processItemAiAssistance")
    Map<String, Object> generateProcessItemAiAssistance(UUID processItemId, UUID requestId);

    @Operation(call = "GET /process-items/{processItemId}/~actions/ai-assistance", result = "processItemAiAssistance")
    Map<String, Object> retrieveProcessItemAiAssistance(UUID processItemId);

    /** Cancels all open items of the process, or only those listed. */
    @Operation(call = "POST /processes/{processId}/~actions/cancel-process-items?processItemIds", result = "process")
    Process cancelProcessItems(UUID processId, @Nullable List<UUID> processItemIds);

    /**
     * @param filters {@code businessArtifactDefinitionIds}, {@code businessArtifactDefinitionCodes}, and {@code values}: expressions
     *     such as {@code status in active inactive}
     */
    @Operation(call = "GET /business-artifacts", result = "businessArtifacts")
    Page<Map<String, Object>> findBusinessArtifacts(Map<String, ?> filters);

    /** The ID or the code of the definition is required. */
    @Operation(
            call = "POST /business-artifacts",
            result = "businessArtifact",
            oneOf = {"businessArtifactDefinitionId", "businessArtifactDefinitionCode"})
    Map<String, Object> createBusinessArtifact(CreateBusinessArtifact artifact);

    @Operation(call = "GET /business-artifacts/{businessArtifactId}", result = "businessArtifact")
    Map<String, Object> retrieveBusinessArtifact(UUID businessArtifactId);

    @Operation(call = "DELETE /business-artifacts/{businessArtifactId}")
    void deleteBusinessArtifact(UUID businessArtifactId);

    @Operation(call = "PUT /business-artifacts/{businessArtifactId}/data", result = "businessArtifact")
    Map<String, Object> updateBusinessArtifact(UUID businessArtifactId, JsonValue<?> data);

    @Operation(call = "PATCH /business-artifacts/{businessArtifactId}/data", result = "businessArtifact")
    Map<String, Object> patchBusinessArtifact(UUID businessArtifactId, List<JsonPatchOperation> jsonPatch);

    @Operation(call = "POST /business-artifacts/{businessArtifactId}/actions", result = "businessArtifactAction")
    Map<String, Object> createBusinessArtifactAction(CreateBusinessArtifactAction action);

    @Operation(
            call = "GET /business-artifacts/{businessArtifactId}/actions/{businessArtifactActionId}",
            result = "businessArtifactAction")
    Map<String, Object> retrieveBusinessArtifactAction(UUID businessArtifactId, UUID businessArtifactActionId);

    @Operation(
            call = "POST /business-artifacts/{businessArtifactId}/actions/{businessArtifactActionId}/~actions/cancel",
            result = "businessArtifactAction")
    Map<String, Object> cancelBusinessArtifactAction(UUID businessArtifactId, UUID businessArtifactActionId);

    /** The name of {@link #prepareBusinessArtifactActionCreateArtifact} in KuFlow's older libraries. */
    @Operation(
            call = "POST /business-artifacts/{businessArtifactId}/~actions/prepare-create-artifact",
            result = "businessArtifactCreateArtifactPrepare")
    Map<String, Object> prepareBusinessArtifactCreateArtifact(
            UUID businessArtifactId, String businessArtifactActionDefinitionCode);

    @Operation(
            call = "POST /business-artifacts/{businessArtifactId}/~actions/prepare-create-artifact",
            result = "businessArtifactActionCreateArtifactPrepare")
    Map<String, Object> prepareBusinessArtifactActionCreateArtifact(
            UUID businessArtifactId, String businessArtifactActionDefinitionCode);

    @Operation(
            call = "POST /business-artifacts/{businessArtifactId}/~actions/prepare-start-process",
            result = "businessArtifactActionStartProcessPrepare")
    Map<String, Object> prepareBusinessArtifactActionStartProcess(
            UUID businessArtifactId, String businessArtifactActionDefinitionCode);

    /** A part of the results of a search. */
    record Page<T>(Metadata metadata, List<T> content) {

        public record Metadata(int size, int page, long totalElements, int totalPages) {}
    }

    /** The definition of a process or an item. */
    record DefinitionRef(@Nullable UUID id, @Nullable UUID version, String code) {}

    /** A JSON value of KuFlow. {@code valid} and {@code errors} come from KuFlow and are ignored in requests. */
    record JsonValue<T>(
            T value, @Nullable Boolean valid, @Nullable List<Error> errors) {

        /** What is wrong with the value. {@code propertyPath} is a JSON pointer. */
        public record Error(
                @Nullable String propertyPath, @Nullable String type) {}

        public static <T> JsonValue<T> of(T value) {
            return new JsonValue<>(value, null, null);
        }
    }

    /** An operation of a JSON Patch, for example {@code JsonPatchOperation.replace("/city", "Lugo")}. Paths are JSON pointers. */
    record JsonPatchOperation(
            Op op,
            String path,
            @Nullable String from,

            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable
            Object value) {

        public enum Op {
            @JsonProperty("add")
            ADD,
            @JsonProperty("remove")
            REMOVE,
            @JsonProperty("replace")
            REPLACE,
            @JsonProperty("move")
            MOVE,
            @JsonProperty("copy")
            COPY,
            @JsonProperty("test")
            TEST
        }

        public static JsonPatchOperation add(String path, @Nullable Object value) {
            return new JsonPatchOperation(Op.ADD, path, null, value);
        }

        public static JsonPatchOperation replace(String path, @Nullable Object value) {
            return new JsonPatchOperation(Op.REPLACE, path, null, value);
        }

        public static JsonPatchOperation remove(String path) {
            return new JsonPatchOperation(Op.REMOVE, path, null, null);
        }
    }

    /** A user, an application or the system itself. */
    record Principal(
            UUID id,
            Type type,
            @Nullable String name,
            @Nullable User user,
            @Nullable Application application) {

        public enum Type {
            USER,
            APPLICATION,
            SYSTEM,
            @JsonEnumDefaultValue
            UNKNOWN
        }

        public record User(UUID id, @Nullable String email) {}

        public record Application(UUID id) {}
    }

    /** A user of a tenant. */
    record TenantUser(
            UUID id,
            UUID tenantId,
            Principal principal,
            @Nullable JsonValue<Map<String, Object>> metadata,
            @Nullable UUID createdBy,
            @Nullable OffsetDateTime createdAt,
            @Nullable UUID lastModifiedBy,
            @Nullable OffsetDateTime lastModifiedAt) {}

    /** A process in KuFlow. */
    record Process(
            UUID id,
            State state,
            UUID tenantId,
            @Nullable UUID initiatorId,
            @Nullable DefinitionRef processDefinitionRef,
            @Nullable JsonValue<Map<String, Object>> metadata,
            @Nullable JsonValue<Map<String, Object>> entity,
            @Nullable Related processRelated,
            @Nullable UUID createdBy,
            @Nullable OffsetDateTime createdAt,
            @Nullable UUID lastModifiedBy,
            @Nullable OffsetDateTime lastModifiedAt) {

        public enum State {
            RUNNING,
            COMPLETED,
            CANCELLED,
            @JsonEnumDefaultValue
            UNKNOWN
        }

        /** Processes that refer to this one, and processes that this one refers to. */
        public record Related(
                @Nullable List<UUID> incoming, @Nullable List<UUID> outcoming) {}
    }

    /** A user action that was invoked. The component of its type says what it created. */
    record ProcessAction(
            UUID id,
            String type,
            Status status,
            @Nullable DefinitionRef processActionDefinitionRef,
            @Nullable Downloadable downloadable,
            @Nullable RelatedProcess startRelatedProcess,
            @Nullable CreatedItem createTask,
            @Nullable CreatedItem createProcessItemMessage,
            @Nullable CreatedItem createProcessItemThread,
            @Nullable Signal sendWorkflowSignal,
            @Nullable UUID createdBy,
            @Nullable OffsetDateTime createdAt,
            @Nullable UUID lastModifiedBy,
            @Nullable OffsetDateTime lastModifiedAt) {

        public enum Status {
            REQUESTED,
            COMPLETED,
            CANCELED,
            ERROR,
            @JsonEnumDefaultValue
            UNKNOWN
        }

        public record Downloadable(
                @Nullable KuFlowFile documentUri, @Nullable Boolean documentExpired) {}

        public record RelatedProcess(UUID processDefinitionId, UUID processId) {}

        public record CreatedItem(@Nullable UUID processItemId) {}

        public record Signal(
                @Nullable String signalName, @Nullable JsonValue<?> input) {}
    }

    record CreateProcessAction(
            UUID processId,
            @Nullable UUID id,
            String processActionDefinitionCode,
            @Nullable Map<String, Object> createTask,
            @Nullable Map<String, Object> createProcessItemMessage,
            @Nullable Map<String, Object> startRelatedProcess,
            @Nullable Map<String, Object> sendWorkflowSignal) {}

    /** A task, message or thread of a process. */
    record ProcessItem(
            UUID id,
            Type type,
            UUID processId,
            @Nullable UUID tenantId,
            @Nullable UUID ownerId,
            @Nullable DefinitionRef processItemDefinitionRef,
            @Nullable Task task,
            @Nullable Message message,
            @Nullable UUID createdBy,
            @Nullable OffsetDateTime createdAt,
            @Nullable UUID lastModifiedBy,
            @Nullable OffsetDateTime lastModifiedAt) {

        public enum Type {
            TASK,
            MESSAGE,
            THREAD,
            @JsonEnumDefaultValue
            UNKNOWN
        }

        public enum TaskState {
            READY,
            CLAIMED,
            COMPLETED,
            CANCELLED,
            @JsonEnumDefaultValue
            UNKNOWN
        }

        public record Task(
                TaskState state,
                @Nullable JsonValue<Map<String, Object>> data,
                @Nullable JsonValue<Map<String, Object>> contextData,
                @Nullable List<Map<String, Object>> logs) {}

        public record Message(
                @Nullable String text,
                @Nullable JsonValue<Map<String, Object>> data,
                @Nullable String dataStructureDataDefinitionCode) {}

        /** The state of a task. {@code null} for messages and threads. */
        public @Nullable TaskState taskState() {
            return task == null ? null : task.state();
        }
    }

    record CreateProcessItem(
            UUID id,
            ProcessItem.Type type,
            UUID processId,
            @Nullable UUID processItemThreadId,
            @Nullable UUID ownerId,
            @Nullable String ownerEmail,
            @Nullable String processItemDefinitionCode,
            @Nullable Task task,
            @Nullable Message message) {

        public record Task(
                @Nullable JsonValue<?> data, @Nullable JsonValue<?> contextData) {}

        public record Message(
                @Nullable String text,
                @Nullable JsonValue<?> data,
                @Nullable String dataStructureDataDefinitionCode) {}
    }

    record CreateBusinessArtifact(
            @Nullable UUID id,
            @Nullable UUID businessArtifactDefinitionId,
            @Nullable String businessArtifactDefinitionCode,
            @Nullable UUID tenantId,
            @Nullable JsonValue<?> data) {}

    record CreateBusinessArtifactAction(
            UUID businessArtifactId,
            @Nullable UUID id,
            String businessArtifactActionDefinitionCode,
            @Nullable Map<String, Object> startWorkflow,
            @Nullable Map<String, Object> downloadable,
            @Nullable Map<String, Object> startProcess,
            @Nullable Map<String, Object> createArtifact) {}
}
