package kuflow.worker.workflow;

import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The argument that KuFlow passes to a process's workflow. */
public record WorkflowRequest(
        UUID processId,
        @Nullable OffsetDateTime requestTime,
        @Nullable ZoneId requestTimeZone,
        @Nullable Map<String, Object> extras) {

    public static WorkflowRequest of(UUID processId) {
        return new WorkflowRequest(processId, null, null, null);
    }
}
