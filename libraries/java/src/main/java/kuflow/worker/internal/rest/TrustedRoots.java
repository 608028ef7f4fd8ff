package kuflow.worker.internal.rest;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import kuflow.worker.internal.settings.Pem;
import org.jspecify.annotations.Nullable;

/** Trust in certificates of a CA in addition to the root certificates of the JVM. */
final class TrustedRoots {

    private TrustedRoots() {}

    /** A trust manager for these certificates and the root certificates of the JVM. */
    static X509TrustManager including(String pem) {
        try {
            Stream<X509Certificate> own = Pem.certificates(pem).stream();
            Stream<X509Certificate> roots = Stream.of(trustManager(null).getAcceptedIssuers());
            return trustManager(keyStore(Stream.concat(roots, own)));
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalStateException("The CA of kuflow.api.ca cannot be used", unusable);
        }
    }

    static SSLContext context(X509TrustManager manager) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new X509TrustManager[] {manager}, null);
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static KeyStore keyStore(Stream<X509Certificate> certificates)
            throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        for (X509Certificate certificate : certificates.toList()) {
            store.setCertificateEntry(String.valueOf(store.size()), certificate);
        }
        return store;
    }

    /** Null means the root certificates of the JVM, which the property javax.net.ssl.trustStore can change. */
    private static X509TrustManager trustManager(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return Stream.of(factory.getTrustManagers())
                .filter(X509TrustManager.class::isInstance)
                .map(X509TrustManager.class::cast)
                .findFirst()
                .orElseThrow(() -> new GeneralSecurityException("no trust manager for X.509"));
    }
}
