package kuflow.worker.internal.settings;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;

/** A certification authority in memory. The JDK has no public API that issues certificates, so this writes their DER itself. */
public final class TestAuthority {

    private static final byte[] ECDSA_WITH_SHA256 = HexFormat.of().parseHex("300a06082a8648ce3d040302");
    private static final byte[] COMMON_NAME = HexFormat.of().parseHex("0603550403");
    private static final byte[] VERSION_3 = HexFormat.of().parseHex("a003020102");
    /** Basic constraints: a CA. */
    private static final byte[] CA_EXTENSION = HexFormat.of().parseHex("a3133011300f0603551d130101ff040530030101ff");

    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int UTF8_STRING = 0x0c;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;

    private final KeyPair keys = generate("EC");
    private final String name;
    private final String cert;

    /** A certificate and its private key as PKCS#8, both in PEM format. */
    public record Pair(String cert, String key) {}

    public TestAuthority(String name) {
        this.name = name;
        Instant now = Instant.now();
        this.cert = issue(name, keys, VERSION_3, CA_EXTENSION, now.minusSeconds(60), now.plusSeconds(86_400));
    }

    public String cert() {
        return cert;
    }

    public Pair issue(String commonName) {
        Instant now = Instant.now();
        return issue(commonName, now.minusSeconds(60), now.plusSeconds(86_400));
    }

    public Pair issue(String commonName, Instant from, Instant to) {
        return issue(commonName, generate("EC"), VERSION_3, from, to);
    }

    Pair issueWithRsaKey(String commonName) {
        Instant now = Instant.now();
        return issue(commonName, generate("RSA"), VERSION_3, now, now.plusSeconds(86_400));
    }

    Pair issueVersion1(String commonName) {
        Instant now = Instant.now();
        return issue(commonName, generate("EC"), new byte[0], now, now.plusSeconds(86_400));
    }

    static String pem(String type, byte[] der) {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, base64, type);
    }

    private Pair issue(String commonName, KeyPair pair, byte[] version, Instant from, Instant to) {
        PrivateKey key = pair.getPrivate();
        return new Pair(issue(commonName, pair, version, new byte[0], from, to), pem("PRIVATE KEY", key.getEncoded()));
    }

    private String issue(String commonName, KeyPair pair, byte[] version, byte[] extensions, Instant from, Instant to) {
        byte[] body = encode(
                SEQUENCE,
                version,
                encode(
                        INTEGER,
                        new BigInteger(64, new SecureRandom())
                                .add(BigInteger.ONE)
                                .toByteArray()),
                ECDSA_WITH_SHA256,
                name(name),
                encode(SEQUENCE, time(from), time(to)),
                name(commonName),
                pair.getPublic().getEncoded(),
                extensions);
        return pem("CERTIFICATE", encode(SEQUENCE, body, ECDSA_WITH_SHA256, bits(sign(body))));
    }

    private byte[] sign(byte[] body) {
        try {
            Signature signature = Signature.getInstance("SHA256withECDSA");
            signature.initSign(keys.getPrivate());
            signature.update(body);
            return signature.sign();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static KeyPair generate(String algorithm) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(algorithm.equals("EC") ? 256 : 2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static byte[] name(String commonName) {
        return encode(
                SEQUENCE, encode(SET, encode(SEQUENCE, COMMON_NAME, encode(UTF8_STRING, commonName.getBytes(UTF_8)))));
    }

    private static byte[] time(Instant instant) {
        String text = DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .format(instant);
        return encode(GENERALIZED_TIME, text.getBytes(UTF_8));
    }

    private static byte[] bits(byte[] bytes) {
        return encode(BIT_STRING, new byte[] {0}, bytes);
    }

    /** An element in DER, with at most 65,535 bytes. */
    static byte[] encode(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        int length = content.size();
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        result.write(tag);
        if (length >= 0x100) {
            result.write(0x82);
            result.write(length >> 8);
        } else if (length >= 0x80) {
            result.write(0x81);
        }
        result.write(length);
        result.writeBytes(content.toByteArray());
        return result.toByteArray();
    }
}
