package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A process in KuFlow. */
public record Process(
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
