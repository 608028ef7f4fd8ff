package kuflow.worker.internal;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings of this worker, checked by {@link SettingsLoader}.
 *
 * @param noProxy the value of NO_PROXY, or empty if the proxy is set with {@code temporal.proxy}
 */
public record WorkerSettings(KuFlowApi api, Temporal temporal, Worker worker, String noProxy) {

    /** Temporal's own limit, unless the engine has another one. */
    static final String DEFAULT_MAX_PAYLOAD_BYTES = "2097152";

    /**
     * @param endpoint with the version segment, without a trailing slash
     * @param clientSecretFile the file that the secret is from, if it is from one
     * @param ca PEM text, trusted in addition to the root certificates of the JVM
     */
    public record KuFlowApi(
            URI endpoint,
            UUID clientId,
            Secret clientSecret,
            @Nullable Path clientSecretFile,
            @Nullable UUID tenantId,
            @Nullable String ca) {}

    /**
     * @param target {@code host:port}
     * @param namespace null if the namespace of the certificate from KuFlow is used
     * @param proxy the address of an HTTP CONNECT proxy, with user and password if it has any
     */
    public record Temporal(
            @DefaultValue("engine.kuflow.com:443") String target,
            @Nullable String namespace,
            String kuflowQueue,
            @DefaultValue MutualTls mutualTls,
            @Nullable Secret proxy) {}

    /**
     * Certificate, key and CA for the engine. If they are set as files, the data are the contents of these files.
     *
     * @param cert the file of the certificate, if it is set as a file
     * @param keyData PKCS#8
     * @param caData one or more certificates, which are all trusted
     */
    public record MutualTls(
            @Nullable Path cert,
            @Nullable String certData,
            @Nullable Secret keyData,
            @Nullable String caData,
            @Nullable String serverName) {}

    /**
     * @param healthPort 0: any free port
     * @param metricsPort 0: no metrics
     * @param maxConcurrentWorkflowTasks null: the default of Temporal's SDK
     * @param maxConcurrentActivities null: the default of Temporal's SDK
     * @param logFormat null: pretty in development, otherwise JSON
     * @param attemptsBeforeTaskLog how many attempts of a system task fail before people see the reason in its log
     * @param maxPayloadBytes the largest argument or result of an activity or workflow
     */
    public record Worker(
            @Nullable UUID installationId,
            @DefaultValue List<UUID> robotIds,
            @DefaultValue("8081") int healthPort,
            @DefaultValue("9464") int metricsPort,
            @Nullable Integer maxConcurrentWorkflowTasks,
            @Nullable Integer maxConcurrentActivities,
            @DefaultValue("info") Level logLevel,
            @Nullable LogFormat logFormat,
            @DefaultValue("5") int attemptsBeforeTaskLog,
            @DefaultValue(DEFAULT_MAX_PAYLOAD_BYTES) int maxPayloadBytes) {}

    public enum LogFormat {
        JSON,
        PRETTY
    }
}
