package kuflow.worker.internal.payload;

import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.JacksonJsonPayloadConverter;
import java.util.List;
import kuflow.worker.internal.rest.KuFlowJson;

/**
 * The converters of payloads. The worker, its tests and the replay of histories need the same: Temporal's own converter rejects
 * unknown fields, and a signal that it rejects is lost.
 */
public final class Payloads {

    /** Converts values to payloads of any size. */
    public static final DataConverter PLAIN = DefaultDataConverter.newDefaultInstance()
            .withPayloadConverterOverrides(new JacksonJsonPayloadConverter(KuFlowJson.mapper()));

    private Payloads() {}

    /** The converter of the worker. */
    public static DataConverter converter(int maxPayloadBytes) {
        return new CodecDataConverter(PLAIN, List.of(new EncryptionGuard(), new PayloadLimit(maxPayloadBytes)));
    }
}
