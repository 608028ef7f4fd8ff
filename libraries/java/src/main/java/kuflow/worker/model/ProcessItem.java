package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A task, message or thread of a process. */
public record ProcessItem(
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
