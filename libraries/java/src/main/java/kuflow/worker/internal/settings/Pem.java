package kuflow.worker.internal.settings;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Reads certificates and keys in PEM format. The {@code read} methods accept what environment variables often contain:
 * CRLF or a literal {@code \n} instead of line feeds. They return PEM with line feeds. The message of a
 * {@link PemException} says what was found instead.
 */
public final class Pem {

    private static final Pattern CERTIFICATE =
            Pattern.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", Pattern.DOTALL);
    private static final Pattern PRIVATE_KEY = Pattern.compile(
            "-----BEGIN ((?:RSA |EC )?)PRIVATE KEY-----(.+?)-----END \\1PRIVATE KEY-----", Pattern.DOTALL);

    // Binary formats, read as UTF-8: an ASN.1 sequence with a long length or a version. PKCS#12 has version 3.
    private static final Pattern DER = Pattern.compile("^0(?:\ufffd|.\u0002\u0001)", Pattern.DOTALL);
    private static final Pattern PKCS12 = Pattern.compile("^0\ufffd.{0,3}\u0002\u0001\u0003", Pattern.DOTALL);

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int CURVE = 0xa0;
    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};
    private static final byte[] RSA_ALGORITHM = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    private static final byte[] EC_ALGORITHM = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private Pem() {}

    public static final class PemException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        PemException(String message) {
            super(message);
        }
    }

    /** A client certificate, which may be followed by the rest of its chain. */
    public static String readCertificate(String text) {
        String pem = readCertificates(text, "-clcerts");
        if (certificates(pem).get(0).getVersion() == 1) {
            throw new PemException("an X.509 version 1 certificate; version 3 is required");
        }
        return pem;
    }

    /** One or more CA certificates. */
    public static String readAuthorities(String text) {
        return readCertificates(text, "-cacerts");
    }

    /** A private key as PKCS#8. It may be PKCS#1 (RSA) or SEC1 (EC), which Java cannot read. */
    public static String readPrivateKey(String text) {
        String pem = toPem(text, "pkey", "-nocerts -nodes");
        // Part of the header of both PKCS#8 and the older formats.
        if (pem.contains("ENCRYPTED")) {
            throw new PemException(
                    "an encrypted key; a key without a passphrase is required: openssl pkcs8 -topk8 -nocrypt");
        }
        MatchResult block = PRIVATE_KEY
                .matcher(pem)
                .results()
                .findFirst()
                .orElseThrow(() -> new PemException("no private key (-----BEGIN PRIVATE KEY-----)"));
        try {
            byte[] der = Base64.getMimeDecoder().decode(block.group(2));
            byte[] pkcs8 = switch (block.group(1)) {
                case "RSA " -> wrap(RSA_ALGORITHM, der);
                case "EC " -> wrap(encode(SEQUENCE, EC_ALGORITHM, curveOf(der)), der);
                default -> der;
            };
            String encoded = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(pkcs8);
            String result = "-----BEGIN PRIVATE KEY-----\n" + encoded + "\n-----END PRIVATE KEY-----\n";
            privateKey(result);
            return result;
        } catch (IllegalArgumentException | IndexOutOfBoundsException malformed) {
            throw new PemException("a malformed private key");
        }
    }

    /** The certificates in a PEM text. */
    public static List<X509Certificate> certificates(String pem) {
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            byte[] bytes = pem.getBytes(StandardCharsets.UTF_8);
            return factory.generateCertificates(new ByteArrayInputStream(bytes)).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
        } catch (CertificateException malformed) {
            throw new PemException("a malformed certificate");
        }
    }

    /** The private key in a PEM text that {@link #readPrivateKey} returned. */
    public static PrivateKey privateKey(String pem) {
        String base64 = pem.replaceAll("-----[^-]+-----", "");
        PKCS8EncodedKeySpec spec =
                new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(base64));
        for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException otherAlgorithm) {
                continue;
            } catch (GeneralSecurityException notAvailable) {
                throw new IllegalStateException(notAvailable);
            }
        }
        throw new PemException("a malformed private key");
    }

    /** Whether the key belongs to the certificate. Both must be valid. */
    static boolean keyFitsCertificate(String certificatePem, String keyPem) {
        PrivateKey key = privateKey(keyPem);
        String algorithm = switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> "EdDSA";
        };
        try {
            byte[] message = {1};
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(message);
            byte[] signed = signature.sign();
            signature.initVerify(certificates(certificatePem).get(0).getPublicKey());
            signature.update(message);
            return signature.verify(signed);
        } catch (GeneralSecurityException otherAlgorithm) {
            return false;
        }
    }

    private static String readCertificates(String text, String pkcs12Option) {
        String pem = toPem(text, "x509", pkcs12Option + " -nokeys");
        List<String> blocks =
                CERTIFICATE.matcher(pem).results().map(MatchResult::group).toList();
        PemException unreadable = new PemException("no readable PEM certificate (-----BEGIN CERTIFICATE-----)");
        if (blocks.isEmpty()) {
            throw unreadable;
        }
        try {
            blocks.forEach(Pem::certificates);
        } catch (PemException malformed) {
            throw unreadable;
        }
        return pem;
    }

    /** Rejects binary formats, with the command of OpenSSL that converts them. */
    private static String toPem(String text, String derCommand, String pkcs12Options) {
        if (PKCS12.matcher(text).find()) {
            throw new PemException(
                    "a PKCS#12 file, not PEM; convert it: openssl pkcs12 " + pkcs12Options + " -in FILE -out NEW_FILE");
        }
        if (DER.matcher(text).find()) {
            throw new PemException(
                    "a DER file, not PEM; convert it: openssl " + derCommand + " -inform der -in FILE -out NEW_FILE");
        }
        return text.replace("\\r", "")
                        .replace("\\n", "\n")
                        .replace("\r\n", "\n")
                        .strip() + "\n";
    }

    /** PrivateKeyInfo ::= SEQUENCE { version 0, algorithm, OCTET STRING { key } }, the structure of PKCS#8. */
    private static byte[] wrap(byte[] algorithm, byte[] key) {
        return encode(SEQUENCE, VERSION_0, algorithm, encode(OCTET_STRING, key));
    }

    /** ECPrivateKey ::= SEQUENCE { version 1, OCTET STRING { key }, [0] { curve }, … }, the structure of SEC1. */
    private static byte[] curveOf(byte[] der) {
        int version = content(der, 0);
        int key = end(der, version);
        int curve = end(der, key);
        if (Byte.toUnsignedInt(der[curve]) != CURVE) {
            throw new PemException("an EC key without the name of its curve");
        }
        return Arrays.copyOfRange(der, content(der, curve), end(der, curve));
    }

    private static int content(byte[] der, int at) {
        int length = Byte.toUnsignedInt(der[at + 1]);
        return at + 2 + (length >= 0x80 ? length & 0x7f : 0);
    }

    private static int end(byte[] der, int at) {
        int content = content(der, at);
        int length = 0;
        for (int i = content == at + 2 ? at + 1 : at + 2; i < content; i++) {
            length = length << 8 | Byte.toUnsignedInt(der[i]);
        }
        return content + length;
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
