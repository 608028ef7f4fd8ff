package kuflow.worker.internal.engine;

import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.OpenSslSessionContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import kuflow.worker.internal.rest.TrustedRoots;
import kuflow.worker.internal.settings.Pem;
import org.jspecify.annotations.Nullable;

/** The TLS side of the connection to the engine. New connections use the identity that was set last. */
final class EngineTls {

    private record Material(String alias, X509Certificate[] chain, PrivateKey key, X509ExtendedTrustManager trust) {}

    private volatile Material material;
    /** A handshake asks for chain and key one after the other, and the identity may be replaced in between. */
    private volatile @Nullable Material previous;

    private int replacements;

    EngineTls(EngineIdentity identity) {
        this.material = read(identity, "0");
    }

    synchronized void replace(EngineIdentity next) {
        replacements++;
        Material read = read(next, String.valueOf(replacements));
        previous = material;
        material = read;
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
                    .trustManager(new Trust())
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
        X509ExtendedTrustManager trust = (X509ExtendedTrustManager) TrustedRoots.only(identity.ca());
        // Netty may cache keys by alias.
        return new Material(alias, chain, key, trust);
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

    private final class Trust extends X509ExtendedTrustManager {

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            material.trust().checkServerTrusted(chain, authType, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            material.trust().checkServerTrusted(chain, authType, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            material.trust().checkServerTrusted(chain, authType);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            throw notAServer();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            throw notAServer();
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw notAServer();
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return material.trust().getAcceptedIssuers();
        }

        private CertificateException notAServer() {
            return new CertificateException("This side of the connection is the client");
        }
    }
}
