package kuflow.worker.internal;

import io.temporal.activity.ActivityInfo;
import io.temporal.api.common.v1.Payload;
import io.temporal.failure.ApplicationFailure;
import io.temporal.payload.codec.PayloadCodec;
import io.temporal.payload.context.ActivitySerializationContext;
import io.temporal.payload.context.HasWorkflowSerializationContext;
import io.temporal.payload.context.SerializationContext;
import io.temporal.workflow.unsafe.WorkflowUnsafe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Refuses large payloads of workflow code before anything is sent. The workflow task fails and is repeated, and nothing is
 * recorded, so that another limit or other code lets the process continue.
 */
record PayloadLimit(int maxBytes, String purpose) implements PayloadCodec {

    /** The type of the failure of an activity whose result is too large. Its message contains no values. */
    public static final String PAYLOAD_TOO_LARGE = "PayloadTooLarge";

    PayloadLimit(int maxBytes) {
        this(maxBytes, "A payload");
    }

    @Override
    public PayloadCodec withContext(SerializationContext context) {
        return new PayloadLimit(maxBytes, describe(context));
    }

    @Override
    public List<Payload> encode(List<Payload> payloads) {
        // Payloads that are replayed have been accepted before.
        if (!WorkflowUnsafe.isWorkflowThread() || WorkflowUnsafe.isReplaying()) {
            return payloads;
        }
        for (Payload payload : payloads) {
            int size = payload.getData().size();
            if (size > maxBytes) {
                throw new IllegalStateException(tooLarge(purpose, size, maxBytes));
            }
        }
        return payloads;
    }

    @Override
    public List<Payload> decode(List<Payload> payloads) {
        return payloads;
    }

    /**
     * Refuses a large result of an activity. The failure is final, because another attempt would return the same.
     *
     * @param keyId set for a confidential process, whose results grow when they are encrypted
     */
    public static void checkResult(@Nullable Object result, ActivityInfo info, int maxBytes, @Nullable String keyId) {
        Payload payload =
                Payloads.PLAIN.toPayload(Encryption.mark(result, keyId)).orElseThrow();
        int size = keyId == null ? payload.getData().size() : EncryptionCodec.encryptedSize(payload);
        if (size <= maxBytes) {
            return;
        }
        String purpose = "Process " + info.getWorkflowId() + ": the result of activity " + info.getActivityType();
        throw ApplicationFailure.newNonRetryableFailure(tooLarge(purpose, size, maxBytes), PAYLOAD_TOO_LARGE);
    }

    private static String describe(SerializationContext context) {
        String process = context instanceof HasWorkflowSerializationContext workflow
                ? "Process " + workflow.getWorkflowId() + ": "
                : "";
        return context instanceof ActivitySerializationContext activity
                ? process + "the input of activity " + activity.getActivityType()
                : process + "a payload of the workflow";
    }

    private static String tooLarge(String purpose, int size, int maxBytes) {
        return purpose + " is " + size + " bytes; the limit is " + maxBytes + " (worker.max-payload-bytes). "
                + "Keep large data elsewhere, for example as a document in KuFlow, and pass a reference.";
    }
}
