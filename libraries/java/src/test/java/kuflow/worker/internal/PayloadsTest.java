package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.DataConverter;
import java.util.Map;
import java.util.UUID;
import kuflow.worker.workflow.WorkflowRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("payloads")
class PayloadsTest {

    private final DataConverter converter = Payloads.PLAIN;

    @Test
    @DisplayName("may have fields that the worker does not know")
    void unknownFields() {
        UUID processId = UUID.randomUUID();
        Payload payload = converter
                .toPayload(Map.of("processId", processId, "requestTimeZone", "Europe/Madrid", "added", true))
                .orElseThrow();

        assertThat(converter
                        .fromPayload(payload, WorkflowRequest.class, WorkflowRequest.class)
                        .processId())
                .isEqualTo(processId);
    }
}
