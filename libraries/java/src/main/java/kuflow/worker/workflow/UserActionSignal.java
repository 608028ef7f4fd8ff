package kuflow.worker.workflow;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The signal that KuFlow sends to the workflow for a user action. The name of the signal is in the process definition.
 *
 * @param input what the user entered, if the action accepts input
 */
public record UserActionSignal(
        String userActionDefinitionCode,
        @Nullable OffsetDateTime requestTime,
        @Nullable ZoneId requestTimeZone,
        @Nullable Instant requestInstant,
        @Nullable Map<String, Object> input) {}
