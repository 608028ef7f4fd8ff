package kuflow.worker.internal.payload;

import io.temporal.api.common.v1.Payload;
import io.temporal.common.interceptors.Header;
import io.temporal.payload.codec.PayloadCodec;
import java.util.List;

/**
 * KuFlow can require encrypted payloads. This worker cannot read them, and must not answer in plain text. An exception that is
 * not one of Temporal's failures fails the workflow task and not the workflow: Temporal retries it, and the process waits.
 */
public final class EncryptionGuard implements PayloadCodec {

    private static final String START_HEADER = "x-kuflow-encoding";
    private static final String ENCRYPTED = "binary/encrypted";

    /** Throws if a process is started with encryption. */
    public static void check(Header header) {
        if (header.getValues().containsKey(START_HEADER)) {
            throw refusal("start header " + START_HEADER);
        }
    }

    @Override
    public List<Payload> encode(List<Payload> payloads) {
        return payloads;
    }

    @Override
    public List<Payload> decode(List<Payload> payloads) {
        for (Payload payload : payloads) {
            var encoding = payload.getMetadataMap().get("encoding");
            if (encoding != null && encoding.toStringUtf8().startsWith(ENCRYPTED))
                throw refusal("encoding " + ENCRYPTED);
        }
        return payloads;
    }

    private static IllegalStateException refusal(String reason) {
        return new IllegalStateException("KuFlow requires encrypted payloads for this process (" + reason
                + "), but this worker does not support encryption. "
                + "Turn off encryption in the process definition, or run a worker that supports it.");
    }
}
