package kuflow.worker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.interfaces.ECPrivateKey;
import kuflow.worker.internal.Pem.PemException;
import kuflow.worker.internal.TestAuthority.Pair;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("certificates and keys in PEM format")
class PemTest {

    private static final TestAuthority AUTHORITY = new TestAuthority("Test CA");
    private static final Pair CLIENT = AUTHORITY.issue("client");

    @Test
    @DisplayName("can have literal \\n or CRLF line breaks")
    void lineBreaks() {
        assertThat(Pem.readCertificate(CLIENT.cert().replace("\n", "\\n"))).isEqualTo(CLIENT.cert());
        assertThat(Pem.readPrivateKey(CLIENT.key().replace("\n", "\r\n"))).isEqualTo(CLIENT.key());
    }

    @Test
    @DisplayName("can have several authorities")
    void authorities() {
        String both = AUTHORITY.cert() + new TestAuthority("Other CA").cert();
        assertThat(Pem.certificates(Pem.readAuthorities(both))).hasSize(2);
    }

    @Test
    @DisplayName("can have a key in the formats PKCS#1 and SEC1")
    void keyFormats() throws IOException {
        Pair rsa = AUTHORITY.issueWithRsaKey("rsa");
        String pkcs1 = TestAuthority.pem(Pem.privateKey(rsa.key()));
        assertThat(pkcs1).startsWith("-----BEGIN RSA PRIVATE KEY-----");
        assertThat(Pem.readPrivateKey(pkcs1)).isEqualTo(rsa.key());
        assertThat(Pem.keyFitsCertificate(rsa.cert(), Pem.readPrivateKey(pkcs1)))
                .isTrue();

        ECPrivateKey ec = (ECPrivateKey) Pem.privateKey(CLIENT.key());
        String sec1 = TestAuthority.pem(
                "EC PRIVATE KEY",
                new org.bouncycastle.asn1.sec.ECPrivateKey(256, ec.getS(), SECObjectIdentifiers.secp256r1)
                        .getEncoded());
        assertThat(Pem.keyFitsCertificate(CLIENT.cert(), Pem.readPrivateKey(sec1)))
                .isTrue();
    }

    @Test
    @DisplayName("are rejected with the reason if they cannot work")
    void rejected() {
        assertThatThrownBy(() -> Pem.readCertificate(AUTHORITY.issueVersion1("old")))
                .isInstanceOf(PemException.class)
                .hasMessage("an X.509 version 1 certificate; version 3 is required");
        assertThatThrownBy(() -> Pem.readPrivateKey(TestAuthority.pem("ENCRYPTED PRIVATE KEY", new byte[9])))
                .hasMessageStartingWith("an encrypted key; a key without a passphrase is required: openssl pkcs8");
        assertThatThrownBy(() -> Pem.readPrivateKey(TestAuthority.pem("PRIVATE KEY", new byte[9])))
                .hasMessage("a malformed private key");
        assertThatThrownBy(() -> Pem.readPrivateKey(TestAuthority.pem("EC PRIVATE KEY", new byte[3])))
                .hasMessage("a malformed private key");
        assertThatThrownBy(() -> Pem.readPrivateKey(CLIENT.cert()))
                .hasMessage("no private key (-----BEGIN PRIVATE KEY-----)");
        assertThatThrownBy(() -> Pem.readAuthorities(CLIENT.key()))
                .hasMessage("no readable PEM certificate (-----BEGIN CERTIFICATE-----)");
        assertThat(Pem.keyFitsCertificate(AUTHORITY.issue("other").cert(), CLIENT.key()))
                .isFalse();
    }

    @Test
    @DisplayName("are rejected with the command that converts a binary file")
    void binary() throws Exception {
        Certificate cert = Pem.certificates(CLIENT.cert()).get(0);
        String der = new String(cert.getEncoded(), UTF_8);
        String derKey = new String(Pem.privateKey(CLIENT.key()).getEncoded(), UTF_8);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("client", Pem.privateKey(CLIENT.key()), new char[0], new Certificate[] {cert});
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        store.store(bytes, new char[0]);
        String pkcs12 = bytes.toString(UTF_8);

        assertThatThrownBy(() -> Pem.readCertificate(der))
                .hasMessage("a DER file, not PEM; convert it: openssl x509 -inform der -in FILE -out NEW_FILE");
        assertThatThrownBy(() -> Pem.readCertificate(pkcs12))
                .hasMessage(
                        "a PKCS#12 file, not PEM; convert it: openssl pkcs12 -clcerts -nokeys -in FILE -out NEW_FILE");
        assertThatThrownBy(() -> Pem.readAuthorities(pkcs12)).hasMessageContaining("openssl pkcs12 -cacerts -nokeys");
        assertThatThrownBy(() -> Pem.readPrivateKey(pkcs12)).hasMessageContaining("openssl pkcs12 -nocerts -nodes");
        assertThatThrownBy(() -> Pem.readPrivateKey(derKey)).hasMessageContaining("openssl pkey -inform der");
    }
}
