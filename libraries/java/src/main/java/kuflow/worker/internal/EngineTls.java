package kuflow.worker.internal;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.OpenSslSessionContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.util.AdvancedTlsX509TrustManager;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/** The TLS side of the connection to the engine. New connections use the identity that was set last. */
final class EngineTls {

    private record Material(String alias, X509Certificate[] chain, PrivateKey key) {}

    private volatile Material material;
    /** A handshake asks for chain and key one after the other, and the identity may be replaced in between. */
    private volatile @Nullable Material previous;

    private int replacements;

    private final AdvancedTlsX509TrustManager trust;

    EngineTls(EngineIdentity identity) {
        try {
            this.trust = AdvancedTlsX509TrustManager.newBuilder().build();
        } catch (CertificateException impossible) {
            throw new IllegalStateException(impossible);
        }
        this.material = read(identity, "0");
        trust(identity);
    }

    synchronized void replace(EngineIdentity next) {
        replacements++;
        Material read = read(next, String.valueOf(replacements));
        trust(next);
        previous = material;
        material = read;
    }

    private void trust(EngineIdentity identity) {
        try {
            trust.updateTrustCredentials(Pem.certificates(identity.ca()).toArray(X509Certificate[]::new));
        } catch (IOException | GeneralSecurityException unusable) {
            throw new IllegalStateException("The CA of the engine cannot be used", unusable);
        }
    }

    X509ExtendedKeyManager keyManager() {
        return new Keys();
    }

    private Material named(String alias) {
        Material old = previous;
        return old != null && old.alias().equals(alias) ? old : material;
    }

    SslContext sslContext() {
        try {
            SslContext context = GrpcSslContexts.forClient()
                    .keyManager(keyManager())
                    .trustManager(trust)
                    .build();
            // A resumed session would still have the certificate that it was created with.
            if (context.sessionContext() instanceof OpenSslSessionContext sessions) {
                sessions.setSessionCacheEnabled(false);
            } else {
                // The JDK cannot disable it.
                context.sessionContext().setSessionTimeout(1);
            }
            return context;
        } catch (SSLException notSupported) {
            throw new IllegalStateException("TLS for the engine could not be set up", notSupported);
        }
    }

    private static Material read(EngineIdentity identity, String alias) {
        X509Certificate[] chain = Pem.certificates(identity.cert()).toArray(X509Certificate[]::new);
        PrivateKey key = Pem.privateKey(identity.key().reveal());
        // Netty may cache keys by alias.
        return new Material(alias, chain, key);
    }

    private final class Keys extends X509ExtendedKeyManager {

        @Override
        public String chooseEngineClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return material.alias();
        }

        @Override
        public String chooseClientAlias(String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return material.alias();
        }

        @Override
        public String[] getClientAliases(String keyType, Principal @Nullable [] issuers) {
            return new String[] {material.alias()};
        }

        @Override
        public X509Certificate[] getCertificateChain(String alias) {
            return named(alias).chain();
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return named(alias).key();
        }

        @Override
        public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}
