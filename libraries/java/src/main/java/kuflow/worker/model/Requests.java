package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonAlias;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The requests of {@link KuFlowActivities}. */
public final class Requests {

    private Requests() {}

    /** A request about an item of a process. */
    public interface OfProcessItem {
        UUID processItemId();
    }

    public record PrincipalId(UUID principalId) {}

    public record TenantUserId(UUID tenantUserId) {}

    public record ProcessId(UUID processId) {}

    public record ProcessActionId(UUID processId, UUID processActionId) {}

    public record ProcessEntity(UUID processId, JsonValue<?> entity) {}

    public record ProcessMetadata(UUID processId, JsonValue<?> metadata) {}

    // KuFlow's older Python library calls a patch `params`.
    public record ProcessPatch(
            UUID processId, @JsonAlias("params") List<JsonPatchOperation> jsonPatch) {}

    /** One of ID and email address is required. */
    public record ProcessInitiator(
            UUID processId,
            @Nullable UUID initiatorId,
            @Nullable String initiatorEmail) {}

    public record CreateProcessAction(
            UUID processId,
            @Nullable UUID id,
            String processActionDefinitionCode,
            @Nullable Map<String, Object> createTask,
            @Nullable Map<String, Object> createProcessItemMessage,
            @Nullable Map<String, Object> startRelatedProcess,
            @Nullable Map<String, Object> sendWorkflowSignal) {}

    public record ProcessItemId(UUID processItemId) implements OfProcessItem {}

    public record CreateProcessItem(
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

    /** One of ID and email address is required. */
    public record ProcessItemOwner(
            UUID processItemId,
            @Nullable UUID ownerId,
            @Nullable String ownerEmail) implements OfProcessItem {}

    public record ProcessItemData(UUID processItemId, JsonValue<?> data) implements OfProcessItem {}

    public record ProcessItemPatch(
            UUID processItemId, @JsonAlias("params") List<JsonPatchOperation> jsonPatch) implements OfProcessItem {}

    public record ProcessItemLog(UUID processItemId, String message, LogLevel level) implements OfProcessItem {}

    public record ProcessItemAiAssistance(UUID processItemId, UUID requestId) implements OfProcessItem {}

    public record CompleteTask(UUID processItemId, String code, Object data) implements OfProcessItem {}

    /** Cancels all open items of the process, or only those listed. */
    public record CancelProcessItems(
            UUID processId, @Nullable List<UUID> processItemIds) {}

    public record BusinessArtifactId(UUID businessArtifactId) {}

    /** One of the ID and the code of the definition is required. */
    public record CreateBusinessArtifact(
            @Nullable UUID id,
            @Nullable UUID businessArtifactDefinitionId,
            @Nullable String businessArtifactDefinitionCode,
            @Nullable UUID tenantId,
            @Nullable JsonValue<?> data) {}

    public record BusinessArtifactData(UUID businessArtifactId, JsonValue<?> data) {}

    public record BusinessArtifactPatch(
            UUID businessArtifactId, @JsonAlias("params") List<JsonPatchOperation> jsonPatch) {}

    public record BusinessArtifactActionId(UUID businessArtifactId, UUID businessArtifactActionId) {}

    public record BusinessArtifactActionCode(UUID businessArtifactId, String businessArtifactActionDefinitionCode) {}

    public record CreateBusinessArtifactAction(
            UUID businessArtifactId,
            @Nullable UUID id,
            String businessArtifactActionDefinitionCode,
            @Nullable Map<String, Object> startWorkflow,
            @Nullable Map<String, Object> downloadable,
            @Nullable Map<String, Object> startProcess,
            @Nullable Map<String, Object> createArtifact) {}
}
