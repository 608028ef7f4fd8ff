package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.converter.RawValue;
import io.temporal.common.interceptors.Header;
import java.io.IOException;
import java.io.InputStream;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("the encryption")
class EncryptionCodecTest {

    private static final JsonNode VECTORS = read();

    private final EncryptionCodec codec = new EncryptionCodec(EncryptionCodecTest::key);

    private static JsonNode read() {
        try (InputStream file = EncryptionCodecTest.class.getResourceAsStream("/encryption.json")) {
            return new ObjectMapper().readTree(file);
        } catch (IOException unreadable) {
            throw new ExceptionInInitializerError(unreadable);
        }
    }

    private static SecretKey key(String id) {
        JsonNode key = VECTORS.path("keys").path(id);
        if (key.isMissingNode()) {
            throw new EncryptionError("no key " + id);
        }
        return new SecretKeySpec(Base64.getDecoder().decode(key.asText()), "AES");
    }

    private static Payload payloadOf(JsonNode json) {
        Payload.Builder payload = Payload.newBuilder().setData(bytesOf(json.path("data")));
        json.path("metadata")
                .properties()
                .forEach(field -> payload.putMetadata(field.getKey(), bytesOf(field.getValue())));
        return payload.build();
    }

    private static ByteString bytesOf(JsonNode base64) {
        return ByteString.copyFrom(Base64.getDecoder().decode(base64.asText()));
    }

    private Payload decode(Payload payload) {
        return codec.decode(List.of(payload)).get(0);
    }

    private Payload encode(Payload payload) {
        return codec.encode(List.of(payload)).get(0);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"valid", "java", "js", "python"})
    @DisplayName("decrypts what KuFlow's SDKs encrypt, and writes their format")
    void vectors(String source) {
        assertThat(VECTORS.path(source)).hasSizeGreaterThan(5);
        for (JsonNode vector : VECTORS.path(source)) {
            Payload encrypted = payloadOf(vector.path("encrypted"));
            Payload marked = payloadOf(vector.path("plain"));
            assertThat(decode(encrypted)).as(vector.path("name").asText()).isEqualTo(marked);

            Payload ours = encode(marked);
            assertThat(ours.getMetadataMap()).isEqualTo(encrypted.getMetadataMap());
            assertThat(ours.getData()).isNotEqualTo(encrypted.getData());
            assertThat(ours.getData().size()).isEqualTo(EncryptionCodec.encryptedSize(marked));
            assertThat(decode(ours)).isEqualTo(marked);
            assertThat(encode(ours)).isEqualTo(ours);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            no-key-id       | its key ID is missing
            other-algorithm | it is not encrypted with AES-256-GCM
            no-algorithm    | it is not encrypted with AES-256-GCM
            tampered-tag    | with the key 5b639af8-0aa0-4ae4-a1ed-e17ac4f673fd: it is damaged, or encrypted with another key
            short           | it is damaged, or encrypted with another key
            wrong-key       | with the key kf/tenant-1/2026 ü: it is damaged, or encrypted with another key
            unknown-key     | no key no-such-key
            """)
    @DisplayName("gives a plain reason for what it cannot decrypt")
    void invalid(String name, String reason) {
        for (JsonNode vector : VECTORS.path("invalid")) {
            if (vector.path("name").asText().equals(name)) {
                assertThatThrownBy(() -> decode(payloadOf(vector.path("payload"))))
                        .isInstanceOf(EncryptionError.class)
                        .hasMessageEndingWith(reason);
                return;
            }
        }
        throw new AssertionError("There is no vector " + name);
    }

    @Test
    @DisplayName("rejects data that is not Base64, and leaves payloads with the encoding of others as they are")
    void foreign() {
        Payload.Builder payload = Payload.newBuilder()
                .putMetadata("encoding", ByteString.copyFromUtf8("binary/encrypted"))
                .putMetadata(
                        "encoding-encrypted-key-id", ByteString.copyFromUtf8("5b639af8-0aa0-4ae4-a1ed-e17ac4f673fd"))
                .setData(ByteString.copyFromUtf8("AES-256-GCM:%"));
        assertThat(decode(payload.build())).isEqualTo(payload.build());
        payload.putMetadata("encoding", ByteString.copyFromUtf8("binary/encrypted?vendor=KuFlow"));
        assertThatThrownBy(() -> decode(payload.build()))
                .hasMessageEndingWith("it is damaged, or encrypted with another key");
    }

    @Test
    @DisplayName("leaves other payloads as they are")
    void passThrough() {
        assertThat(VECTORS.path("passThrough")).isNotEmpty();
        for (JsonNode json : VECTORS.path("passThrough")) {
            assertThat(decode(payloadOf(json))).isEqualTo(payloadOf(json));
            assertThat(encode(payloadOf(json))).isEqualTo(payloadOf(json));
        }
    }

    @Test
    @DisplayName("is required by the two start headers of KuFlow")
    void headers() {
        String keyId = "5b639af8-0aa0-4ae4-a1ed-e17ac4f673fd";
        Map<String, Payload> values = new HashMap<>();
        VECTORS.path("headers").properties().forEach(field -> values.put(field.getKey(), payloadOf(field.getValue())));
        assertThat(Encryption.keyIdOf(new Header(values))).isEqualTo(keyId);
        assertThat(Encryption.withKey(Header.empty(), keyId).getValues()).isEqualTo(values);

        values.put("x-kuflow-encoding", Payloads.PLAIN.toPayload("binary/other").orElseThrow());
        assertThat(Encryption.keyIdOf(new Header(values))).isNull();
        assertThat(Encryption.keyIdOf(Header.empty())).isNull();

        values.putAll(Encryption.withKey(Header.empty(), keyId).getValues());
        values.remove("x-kuflow-encoding-encrypted-key-id");
        assertThatThrownBy(() -> Encryption.keyIdOf(new Header(values)))
                .isInstanceOf(EncryptionError.class)
                .hasMessage(
                        "The process is confidential, but the header x-kuflow-encoding-encrypted-key-id does not name a key");
    }

    @Test
    @DisplayName("keeps null, bytes and text")
    void values() {
        for (Object value : new Object[] {null, new byte[] {0, -1}, "é", List.of(1, "x")}) {
            RawValue marked = (RawValue) Encryption.mark(value, "5b639af8-0aa0-4ae4-a1ed-e17ac4f673fd");
            Payload decoded = decode(encode(marked.getPayload()));
            Class<?> type = value == null ? String.class : value instanceof List<?> ? List.class : value.getClass();
            assertThat((Object) Payloads.PLAIN.fromPayload(decoded, type, type)).isEqualTo(value);
        }
    }
}
