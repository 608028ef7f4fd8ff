package kuflow.worker.internal;

import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.springframework.boot.ssl.pem.PemContent;

/**
 * Reads certificates and keys in PEM format. The {@code read} methods accept what environment variables often contain:
 * CRLF or a literal {@code \n} instead of line feeds. They return PEM with line feeds. The message of a
 * {@link PemException} says what was found instead.
 */
public final class Pem {

    private static final Pattern PRIVATE_KEY = Pattern.compile("-----BEGIN (?:RSA |EC )?PRIVATE KEY-----");

    // Binary formats, read as UTF-8: an ASN.1 sequence with a long length or a version. PKCS#12 has version 3.
    private static final Pattern DER = Pattern.compile("^0(?:\ufffd|.\u0002\u0001)", Pattern.DOTALL);
    private static final Pattern PKCS12 = Pattern.compile("^0\ufffd.{0,3}\u0002\u0001\u0003", Pattern.DOTALL);

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

    /** A private key as PKCS#8. It may be PKCS#1 (RSA) or SEC1 (EC), which the JDK cannot read. */
    public static String readPrivateKey(String text) {
        String pem = toPem(text, "pkey", "-nocerts -nodes");
        // Part of the header of both PKCS#8 and the older formats.
        if (pem.contains("ENCRYPTED")) {
            throw new PemException(
                    "an encrypted key; a key without a passphrase is required: openssl pkcs8 -topk8 -nocrypt");
        }
        if (!PRIVATE_KEY.matcher(pem).find()) {
            throw new PemException("no private key (-----BEGIN PRIVATE KEY-----)");
        }
        String encoded = Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(privateKey(pem).getEncoded());
        return "-----BEGIN PRIVATE KEY-----\n" + encoded + "\n-----END PRIVATE KEY-----\n";
    }

    public static List<X509Certificate> certificates(String pem) {
        try {
            return PemContent.of(pem).getCertificates();
        } catch (IllegalStateException malformed) {
            throw new PemException("no readable PEM certificate (-----BEGIN CERTIFICATE-----)");
        }
    }

    public static PrivateKey privateKey(String pem) {
        PrivateKey key;
        try {
            key = PemContent.of(pem).getPrivateKey();
        } catch (RuntimeException malformed) {
            throw new PemException("a malformed private key");
        }
        return Objects.requireNonNull(key);
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
        certificates(pem);
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
}
