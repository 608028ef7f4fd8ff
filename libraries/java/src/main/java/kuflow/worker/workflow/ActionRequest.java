package kuflow.worker.workflow;

import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The argument that KuFlow passes to a user action's workflow. The workflow has the same ID as the action. */
public record ActionRequest(
        UUID processId,
        String userActionDefinitionType,
        String userActionDefinitionCode,
        UUID userActionId,
        @Nullable UUID requestorPrincipalId,
        @Nullable OffsetDateTime requestTime,
        @Nullable ZoneId requestTimeZone,
        @Nullable Map<String, Object> extras) {}
