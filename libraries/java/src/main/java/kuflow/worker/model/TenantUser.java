package kuflow.worker.model;

import java.time.OffsetDateTime;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A user of a tenant. */
public record TenantUser(
        UUID id,
        UUID tenantId,
        Principal principal,
        @Nullable JsonValue<Map<String, Object>> metadata,
        @Nullable UUID createdBy,
        @Nullable OffsetDateTime createdAt,
        @Nullable UUID lastModifiedBy,
        @Nullable OffsetDateTime lastModifiedAt) {}
