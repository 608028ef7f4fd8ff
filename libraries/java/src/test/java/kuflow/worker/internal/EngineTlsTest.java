package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the TLS of the engine")
class EngineTlsTest {

    private final TestAuthority authority = new TestAuthority("CA");

    @Test
    @DisplayName("uses chain and key of the same certificate in a handshake during which the certificate is replaced")
    void replacedInHandshake() throws Exception {
        EngineTls tls = new EngineTls(identity());
        X509ExtendedKeyManager keys = tls.keyManager();
        String alias = keys.chooseEngineClientAlias(new String[] {"EC"}, null, null);
        X509Certificate certificate = keys.getCertificateChain(alias)[0];
        tls.replace(identity());
        PrivateKey key = keys.getPrivateKey(alias);

        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
        signature.update((byte) 1);
        byte[] signed = signature.sign();
        signature.initVerify(certificate);
        signature.update((byte) 1);
        assertThat(signature.verify(signed)).isTrue();
        assertThat(keys.chooseEngineClientAlias(new String[] {"EC"}, null, null))
                .isNotEqualTo(alias);
    }

    private EngineIdentity identity() {
        TestAuthority.Pair pair = authority.issue("worker");
        return EngineIdentity.of(
                EngineIdentity.Source.FILES,
                "namespace",
                pair.cert(),
                Secret.of(pair.key()),
                authority.cert(),
                Instant.now());
    }
}
