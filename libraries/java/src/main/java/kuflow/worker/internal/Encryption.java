package kuflow.worker.internal;

import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.RawValue;
import io.temporal.common.interceptors.Header;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How KuFlow declares that a process is confidential: two headers at the start of its workflow, which are passed on to everything
 * that the workflow starts, and a mark on each payload that must be encrypted.
 */
public final class Encryption {

    static final String ENCODING = "encoding";
    static final String ENCRYPTED = "binary/encrypted?vendor=KuFlow";
    static final String KEY_ID = "encoding-encrypted-key-id";

    private static final String ENCODING_HEADER = "x-kuflow-encoding";
    private static final String KEY_ID_HEADER = "x-kuflow-encoding-encrypted-key-id";

    private Encryption() {}

    /**
     * The ID of the key of a confidential process, or null if the process is not confidential.
     *
     * @throws EncryptionError if the process is confidential, but its headers do not name a key
     */
    public static @Nullable String keyIdOf(Header header) {
        if (!ENCRYPTED.equals(Headers.read(header, ENCODING_HEADER, String.class))) {
            return null;
        }
        String keyId = Headers.read(header, KEY_ID_HEADER, String.class);
        if (keyId == null || keyId.isEmpty()) {
            throw new EncryptionError(
                    "The process is confidential, but the header " + KEY_ID_HEADER + " does not name a key");
        }
        return keyId;
    }

    public static Header withKey(Header header, @Nullable String keyId) {
        return keyId == null
                ? header
                : Headers.with(Headers.with(header, ENCODING_HEADER, ENCRYPTED), KEY_ID_HEADER, keyId);
    }

    /** Marks a value of a confidential process, so that {@link EncryptionCodec} encrypts it. */
    public static @Nullable Object mark(@Nullable Object value, @Nullable String keyId) {
        if (keyId == null) {
            return value;
        }
        Payload payload = Payloads.PLAIN.toPayload(value).orElseThrow();
        return new RawValue(payload.toBuilder()
                .putMetadata(KEY_ID, ByteString.copyFromUtf8(keyId))
                .build());
    }

    public static Object[] markAll(Object[] values, @Nullable String keyId) {
        return keyId == null || values == null
                ? values
                : Stream.of(values).map(value -> mark(value, keyId)).toArray();
    }
}
