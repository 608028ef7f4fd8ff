package kuflow.worker.internal;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import kuflow.worker.internal.WorkerSettings.MutualTls;

/**
 * How this worker authenticates to the engine: a namespace and a client certificate for it, in PEM format.
 *
 * @param key PKCS#8
 */
record EngineIdentity(
        Source source, String namespace, String cert, Secret key, String ca, Instant validFrom, Instant validTo) {

    enum Source {
        API,
        FILES,
        DATA
    }

    static EngineIdentity of(Source source, String namespace, String cert, Secret key, String ca, Instant now) {
        X509Certificate certificate = Pem.certificates(cert).get(0);
        Instant validFrom = certificate.getNotBefore().toInstant();
        // Issuers backdate certificates because clocks differ. The lifetime of a requested one starts when it arrives.
        boolean startsNow = source == Source.API && validFrom.isBefore(now);
        return new EngineIdentity(
                source,
                namespace,
                cert,
                key,
                ca,
                startsNow ? now : validFrom,
                certificate.getNotAfter().toInstant());
    }

    /** The identity from the settings, or empty if it must be requested from KuFlow. */
    static Optional<EngineIdentity> fromSettings(WorkerSettings settings, Instant now) {
        MutualTls tls = settings.temporal().mutualTls();
        String namespace = settings.temporal().namespace();
        if (namespace == null || tls.certData() == null || tls.keyData() == null || tls.caData() == null) {
            return Optional.empty();
        }
        Source source = tls.cert() == null ? Source.DATA : Source.FILES;
        return Optional.of(of(source, namespace, tls.certData(), tls.keyData(), tls.caData(), now));
    }

    /** When to replace the certificate: after two thirds of its lifetime. */
    Instant renewalTime() {
        return validFrom.plus(
                Duration.between(validFrom, validTo).multipliedBy(2).dividedBy(3));
    }
}
