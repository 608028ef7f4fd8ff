package kuflow.worker.workflow;

import java.time.OffsetDateTime;
import java.time.ZoneId;
import org.jspecify.annotations.Nullable;

/** The signal that KuFlow sends to the workflow for a user action; its name is in the process definition. */
public record UserActionSignal(
        String userActionDefinitionCode,
        @Nullable OffsetDateTime requestTime,
        @Nullable ZoneId requestTimeZone) {}
