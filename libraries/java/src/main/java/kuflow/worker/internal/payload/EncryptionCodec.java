package kuflow.worker.internal.payload;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import org.jspecify.annotations.Nullable;

/** Encrypts marked payloads and decrypts encrypted ones, in the format of KuFlow's SDKs. Other payloads stay as they are. */
final class EncryptionCodec implements PayloadCodec {

    private static final ByteString ALGORITHM = ByteString.copyFromUtf8("AES-256-GCM:");
    private static final ByteString ENCRYPTED = ByteString.copyFromUtf8(Encryption.ENCRYPTED);
    private static final ByteString ANY_ENCRYPTION = ByteString.copyFromUtf8("binary/encrypted");
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;

    private final Function<String, SecretKey> keys;
    private final SecureRandom random = new SecureRandom();

    /** @param keys finds the key with an ID, or throws an {@link EncryptionError} */
    EncryptionCodec(Function<String, SecretKey> keys) {
        this.keys = keys;
    }

    /** The size of the data of a marked payload after its encryption. */
    static int encryptedSize(Payload marked) {
        int bytes = NONCE_BYTES + marked.getSerializedSize() + TAG_BYTES;
        return ALGORITHM.size() + 4 * ((bytes + 2) / 3);
    }

    @Override
    public List<Payload> encode(List<Payload> payloads) {
        return payloads.stream().map(this::encrypt).toList();
    }

    @Override
    public List<Payload> decode(List<Payload> payloads) {
        return payloads.stream().map(this::decrypt).toList();
    }

    private Payload encrypt(Payload payload) {
        ByteString keyId = payload.getMetadataMap().get(Encryption.KEY_ID);
        if (keyId == null || ENCRYPTED.equals(payload.getMetadataMap().get(Encryption.ENCODING))) {
            return payload;
        }
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        byte[] encrypted;
        try {
            encrypted = cipher(Cipher.ENCRYPT_MODE, keyId, nonce).doFinal(payload.toByteArray());
        } catch (GeneralSecurityException failed) {
            throw new EncryptionError("Could not encrypt a payload", failed);
        }
        byte[] bytes = Arrays.copyOf(nonce, nonce.length + encrypted.length);
        System.arraycopy(encrypted, 0, bytes, nonce.length, encrypted.length);
        return Payload.newBuilder()
                .putMetadata(Encryption.ENCODING, ENCRYPTED)
                .putMetadata(Encryption.KEY_ID, keyId)
                .setData(
                        ALGORITHM.concat(ByteString.copyFrom(Base64.getEncoder().encode(bytes))))
                .build();
    }

    private Payload decrypt(Payload payload) {
        ByteString encoding = payload.getMetadataMap().get(Encryption.ENCODING);
        if (encoding == null || !encoding.startsWith(ANY_ENCRYPTION)) {
            return payload;
        }
        if (!encoding.equals(ENCRYPTED)) {
            throw unreadable("the encoding " + encoding.toStringUtf8() + " is not supported", null);
        }
        ByteString keyId = payload.getMetadataMap().get(Encryption.KEY_ID);
        if (keyId == null || keyId.isEmpty()) {
            throw unreadable("its key ID is missing", null);
        }
        byte[] bytes = bytesOf(payload.getData());
        try {
            return Payload.parseFrom(cipher(Cipher.DECRYPT_MODE, keyId, Arrays.copyOf(bytes, NONCE_BYTES))
                    .doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES));
        } catch (AEADBadTagException failed) {
            throw new EncryptionError(
                    "Could not decrypt a payload with the key " + keyId.toStringUtf8()
                            + ": it is damaged, or encrypted with another key",
                    failed);
        } catch (GeneralSecurityException failed) {
            throw unreadable("the decryption failed", failed);
        } catch (InvalidProtocolBufferException failed) {
            throw unreadable("its content is not a payload", failed);
        }
    }

    private static byte[] bytesOf(ByteString data) {
        if (!data.startsWith(ALGORITHM)) {
            throw unreadable("it is not encrypted with AES-256-GCM", null);
        }
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(data.substring(ALGORITHM.size()).toByteArray());
        } catch (IllegalArgumentException invalid) {
            throw unreadable("its data is not valid Base64", invalid);
        }
        if (bytes.length < NONCE_BYTES + TAG_BYTES) {
            throw unreadable("its data is too short", null);
        }
        return bytes;
    }

    private Cipher cipher(int mode, ByteString keyId, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, keys.apply(keyId.toStringUtf8()), new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
        return cipher;
    }

    private static EncryptionError unreadable(String reason, @Nullable Throwable cause) {
        return new EncryptionError("Could not decrypt a payload: " + reason, cause);
    }
}
