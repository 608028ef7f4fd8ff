package kuflow.worker.internal;

import io.temporal.common.converter.CodecDataConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.JacksonJsonPayloadConverter;
import java.util.List;
import java.util.function.Function;
import javax.crypto.SecretKey;

/**
 * The converters of payloads. The worker, its tests and history replays need the same: Temporal's own converter rejects
 * unknown fields, and a signal that it rejects is lost.
 */
public final class Payloads {

    /** Converts values to payloads of any size. */
    public static final DataConverter PLAIN = DefaultDataConverter.newDefaultInstance()
            .withPayloadConverterOverrides(new JacksonJsonPayloadConverter(KuFlowJson.mapper()));

    private Payloads() {}

    /**
     * The converter of the worker.
     *
     * @param keys finds the keys of confidential processes
     */
    public static DataConverter converter(int maxPayloadBytes, Function<String, SecretKey> keys) {
        // Codecs encode from the last to the first: the limit counts encrypted sizes.
        return new CodecDataConverter(PLAIN, List.of(new PayloadLimit(maxPayloadBytes), new EncryptionCodec(keys)));
    }
}
