package kuflow.worker.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import kuflow.worker.internal.Pem.PemException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.StringUtils;

/** Requests tokens and certificates for the engine from KuFlow. */
record Authentication(RestClient rest, WorkerSettings settings, Clock clock) {

    private static final Logger LOGGER = LoggerFactory.getLogger(Authentication.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private record Request(String type, @Nullable UUID tenantId) {}

    private record Response(
            @Nullable Token engineToken, @Nullable Certificate engineCertificate) {}

    private record Token(@Nullable String token, @Nullable String expiredAt) {}

    private record Certificate(
            @Nullable String namespace, @Nullable Tls tls) {}

    private record Tls(
            @Nullable String serverRootCaCertificate,
            @Nullable String clientCertificate,
            @Nullable String clientPrivateKey) {}

    /** Requests a new bearer token for the engine. Reads the file with the client secret again, if there is one. */
    EngineToken requestToken() {
        useCurrentSecret();
        Response response = authenticate("ENGINE_TOKEN");
        Token token = response.engineToken();
        if (token == null || !StringUtils.hasLength(token.token())) {
            throw new IllegalStateException("POST /authentications: the response has no engineToken.token");
        }
        return EngineToken.of(token.token(), token.expiredAt(), clock);
    }

    /** Requests a new client certificate for the engine, and the namespace it is valid for. */
    EngineIdentity requestCertificate() {
        Certificate certificate = authenticate("ENGINE_CERTIFICATE").engineCertificate();
        Tls tls = certificate == null ? null : certificate.tls();
        if (tls == null
                || !StringUtils.hasLength(certificate.namespace())
                || !StringUtils.hasLength(tls.serverRootCaCertificate())
                || !StringUtils.hasLength(tls.clientCertificate())
                || !StringUtils.hasLength(tls.clientPrivateKey())) {
            throw new IllegalStateException("POST /authentications: the response has no complete engineCertificate");
        }
        String configured = settings.temporal().namespace();
        try {
            return EngineIdentity.of(
                    EngineIdentity.Source.API,
                    configured == null ? certificate.namespace() : configured,
                    Pem.readCertificate(tls.clientCertificate()),
                    Secret.of(Pem.readPrivateKey(tls.clientPrivateKey())),
                    Pem.readAuthorities(tls.serverRootCaCertificate()),
                    clock.instant());
        } catch (PemException unusable) {
            throw new IllegalStateException(
                    "The engine certificate from KuFlow is not usable: found " + unusable.getMessage());
        }
    }

    private void useCurrentSecret() {
        Path file = settings.api().clientSecretFile();
        if (file == null) {
            return;
        }
        try {
            String secret = SettingsLoader.secretIn(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
            // The file is empty while it is being replaced.
            if (!secret.isBlank()) {
                rest.useClientSecret(Secret.of(secret));
            }
        } catch (IOException unreadable) {
            // KuFlow may still accept the previous one.
            LOGGER.warn("Could not read the file with the client secret again", unreadable);
        }
    }

    private Response authenticate(String type) {
        RestRequest request = RestRequest.of("createAuthentication", "POST", "/authentications")
                .body(new Request(type, settings.api().tenantId()))
                .timeout(TIMEOUT);
        Response response = rest.call(request, Response.class).body();
        return response == null ? new Response(null, null) : response;
    }
}
