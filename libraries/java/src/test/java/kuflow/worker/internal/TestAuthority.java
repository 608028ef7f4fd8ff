package kuflow.worker.internal;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Date;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509v1CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/** A certification authority in memory. */
public final class TestAuthority {

    private static final SecureRandom RANDOM = new SecureRandom();

    private final KeyPair keys = generate("EC");
    private final X500Principal name;
    private final String cert;

    /** A certificate and its private key as PKCS#8, both in PEM format. */
    public record Pair(String cert, String key) {}

    public TestAuthority(String name) {
        this.name = new X500Principal("CN=" + name);
        Instant now = Instant.now();
        this.cert = issue(
                this.name, keys.getPublic(), new BasicConstraints(true), now.minusSeconds(60), now.plusSeconds(86_400));
    }

    public String cert() {
        return cert;
    }

    public Pair issue(String commonName) {
        Instant now = Instant.now();
        return issue(commonName, now.minusSeconds(60), now.plusSeconds(86_400));
    }

    public Pair issue(String commonName, Instant from, Instant to) {
        return issue(commonName, generate("EC"), from, to);
    }

    Pair issueWithRsaKey(String commonName) {
        Instant now = Instant.now();
        return issue(commonName, generate("RSA"), now, now.plusSeconds(86_400));
    }

    String issueVersion1(String commonName) {
        Date now = new Date();
        return pem(new JcaX509v1CertificateBuilder(
                        name, serial(), now, now, new X500Principal("CN=" + commonName), keys.getPublic())
                .build(signer()));
    }

    static String pem(String type, byte[] der) {
        return pem(new PemObject(type, der));
    }

    /** As OpenSSL writes it: keys in the formats PKCS#1 and SEC1. */
    static String pem(Object content) {
        StringWriter text = new StringWriter();
        try (JcaPEMWriter pem = new JcaPEMWriter(text)) {
            pem.writeObject(content);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private Pair issue(String commonName, KeyPair pair, Instant from, Instant to) {
        String issued = issue(new X500Principal("CN=" + commonName), pair.getPublic(), null, from, to);
        return new Pair(issued, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    }

    private String issue(
            X500Principal subject, PublicKey key, @Nullable BasicConstraints ca, Instant from, Instant to) {
        JcaX509v3CertificateBuilder builder =
                new JcaX509v3CertificateBuilder(name, serial(), Date.from(from), Date.from(to), subject, key);
        try {
            if (ca != null) {
                builder.addExtension(Extension.basicConstraints, true, ca);
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        X509CertificateHolder issued = builder.build(signer());
        return pem(issued);
    }

    private static BigInteger serial() {
        return new BigInteger(64, RANDOM).add(BigInteger.ONE);
    }

    private ContentSigner signer() {
        try {
            return new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate());
        } catch (OperatorCreationException impossible) {
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
}
