package kuflow.worker.internal;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Trust in certificates of a CA in addition to the root certificates of the JVM. */
final class TrustedRoots {

    private TrustedRoots() {}

    /** A trust manager for these certificates and the root certificates of the JVM. */
    static X509TrustManager including(String pem) {
        try {
            List<X509Certificate> trusted =
                    new ArrayList<>(List.of(trustManager(null).getAcceptedIssuers()));
            trusted.addAll(Pem.certificates(pem));
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (X509Certificate certificate : trusted) {
                store.setCertificateEntry(String.valueOf(store.size()), certificate);
            }
            return trustManager(store);
        } catch (GeneralSecurityException | IOException unusable) {
            throw new IllegalStateException("The CA of kuflow.api.ca cannot be used", unusable);
        }
    }

    static SSLContext contextIncluding(String pem) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new X509TrustManager[] {including(pem)}, null);
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
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
