package kuflow.worker.internal.payload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.DataConverter;
import java.util.Map;
import java.util.UUID;
import kuflow.worker.workflow.WorkflowRequest;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("payloads")
class PayloadsTest {

    private final DataConverter converter = Payloads.converter(10_000);

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

    @Test
    @DisplayName("that are encrypted are refused with a plain error")
    void encrypted() {
        Payload payload = Payload.newBuilder()
                .putMetadata("encoding", ByteString.copyFromUtf8("binary/encrypted?vendor=KuFlow"))
                .build();

        assertThatThrownBy(() -> converter.fromPayload(payload, WorkflowRequest.class, WorkflowRequest.class))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "KuFlow requires encrypted payloads for this process (encoding binary/encrypted)");
    }
}
