package kuflow.worker.internal;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.temporal.api.common.v1.Payload;
import io.temporal.payload.codec.PayloadCodec;
import java.security.GeneralSecurityException;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/** Encrypts marked payloads and decrypts encrypted ones, in the format of KuFlow's SDKs. Other payloads stay as they are. */
final class EncryptionCodec implements PayloadCodec {

    private static final ByteString ALGORITHM = ByteString.copyFromUtf8("AES-256-GCM:");
    private static final ByteString ENCRYPTED = ByteString.copyFromUtf8(Encryption.ENCRYPTED);
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
        if (!ENCRYPTED.equals(payload.getMetadataMap().get(Encryption.ENCODING))) {
            return payload;
        }
        ByteString keyId = payload.getMetadataMap().get(Encryption.KEY_ID);
        if (keyId == null || keyId.isEmpty()) {
            throw new EncryptionError("Could not decrypt a payload: its key ID is missing");
        }
        if (!payload.getData().startsWith(ALGORITHM)) {
            throw new EncryptionError("Could not decrypt a payload: it is not encrypted with AES-256-GCM");
        }
        try {
            byte[] bytes = Base64.getDecoder()
                    .decode(payload.getData().substring(ALGORITHM.size()).toByteArray());
            return Payload.parseFrom(cipher(Cipher.DECRYPT_MODE, keyId, Arrays.copyOf(bytes, NONCE_BYTES))
                    .doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES));
        } catch (GeneralSecurityException
                | InvalidProtocolBufferException
                | IllegalArgumentException
                | ProviderException failed) {
            throw new EncryptionError(
                    "Could not decrypt a payload with the key " + keyId.toStringUtf8()
                            + ": it is damaged, or encrypted with another key",
                    failed);
        }
    }

    private Cipher cipher(int mode, ByteString keyId, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, keys.apply(keyId.toStringUtf8()), new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce));
        return cipher;
    }
}
