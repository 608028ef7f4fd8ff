package kuflow.worker.internal;

import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import kuflow.worker.internal.Pem.PemException;
import kuflow.worker.internal.SettingsException.Code;
import kuflow.worker.internal.SettingsSources.Value;
import kuflow.worker.internal.WorkerSettings.KuFlowApi;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import kuflow.worker.internal.WorkerSettings.Temporal;
import kuflow.worker.internal.WorkerSettings.Worker;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/**
 * Loads the settings of this worker from the sources of Spring Boot. The client ID and secret always come from the same source.
 *
 * <p>This runs before Spring starts, because Spring reports only the first invalid group of settings, and prints their values.
 */
public final class SettingsLoader {

    private static final String SECRET_FILE = "KUFLOW_API_CLIENTSECRET_FILE";
    private static final String API_VERSION = "v2024-06-14";
    private static final String DEFAULT_ENDPOINT = "https://api.kuflow.com";
    private static final int MAX_PORT = 65_535;
    private static final int MAX_PAYLOAD_BYTES = 2 * Integer.parseInt(WorkerSettings.DEFAULT_MAX_PAYLOAD_BYTES);

    private static final Pattern TARGET = Pattern.compile("(?:\\[[0-9a-fA-F:.]+]|[\\w.-]+):(\\d{1,5})");
    private static final Pattern VERSION = Pattern.compile("/(v\\d{4}-\\d{2}-\\d{2})$");

    private final SettingsSources sources;
    private final Map<String, Object> checked = new HashMap<>();

    private SettingsLoader(SettingsSources sources) {
        this.sources = sources;
    }

    /**
     * @param directory the folder of the application files
     * @param arguments the command line, which may contain Spring's properties
     * @throws SettingsException with all problems
     */
    public static WorkerSettings load(Path directory, Map<String, String> environment, String... arguments) {
        return new SettingsLoader(new SettingsSources(directory, environment, arguments)).load();
    }

    private WorkerSettings load() {
        // Without a file, nothing is known about the other settings.
        throwProblems();
        readCredentials();
        read("kuflow.api.tenant-id", "a UUID", Bindable.of(UUID.class));
        readPem("kuflow.api.ca", "a CA file", true, "kuflow.api.ca", Pem::readAuthorities);

        read("temporal.target", "host:port, without https://", SettingsLoader::parseTarget);
        read("temporal.namespace", "", text -> text);
        read("temporal.kuflow-queue", "", text -> text);
        read("temporal.mutual-tls.server-name", "", text -> text);
        readMutualTls();
        String noProxy = readProxy();

        read("worker.installation-id", "a UUID", Bindable.of(UUID.class));
        read("worker.robot-ids", "UUIDs, as a list or separated by commas", Bindable.listOf(UUID.class));
        readInteger("worker.health-port", 0, MAX_PORT);
        readInteger("worker.metrics-port", 0, MAX_PORT);
        // With a cache of workflows, Temporal's SDK needs at least two.
        readInteger("worker.max-concurrent-workflow-tasks", 2, 10_000);
        readInteger("worker.max-concurrent-activities", 1, 10_000);
        read("worker.log-level", "trace, debug, info, warn or error", Bindable.of(Level.class));
        read("worker.log-format", "json or pretty", Bindable.of(LogFormat.class));
        readInteger("worker.attempts-before-task-log", 1, 1_000);
        readInteger("worker.max-payload-bytes", 10_000, MAX_PAYLOAD_BYTES);

        if (!checked.containsKey("temporal.kuflow-queue")) {
            sources.missing("temporal.kuflow-queue", "the task queue of the process definition");
        }
        if (checked.containsKey("temporal.mutual-tls.cert-data") && !checked.containsKey("temporal.namespace")) {
            sources.missing("temporal.namespace", "the namespace, which is required with temporal.mutual-tls");
        }
        throwProblems();
        Binder binder = new Binder(new MapConfigurationPropertySource(checked));
        return new WorkerSettings(
                binder.bindOrCreate("kuflow.api", KuFlowApi.class),
                binder.bindOrCreate("temporal", Temporal.class),
                binder.bindOrCreate("worker", Worker.class),
                noProxy);
    }

    private void throwProblems() {
        if (!sources.problems().isEmpty()) {
            throw new SettingsException(sources.problems(), (LogFormat) checked.get("worker.log-format"));
        }
    }

    private void read(String key, String expected, Function<String, @Nullable Object> parse) {
        Object value = sources.read(key, expected, parse);
        if (value != null) {
            checked.put(key, value);
        }
    }

    private void read(String key, String expected, Bindable<?> type) {
        read(key, expected, text -> convert(text, type));
    }

    private void readInteger(String key, int min, int max) {
        read(key, "a whole number from %d to %d".formatted(min, max), text -> parseInteger(text, min, max));
    }

    private void readCredentials() {
        String idKey = "kuflow.api.client-id";
        String secretKey = "kuflow.api.client-secret";
        // A missing half is never taken from another source.
        String group = sources.firstGroupWith(idKey, secretKey);
        if (sources.variable(SECRET_FILE) != null && (group == null || group.equals(Value.FILES))) {
            group = SettingsSources.VARIABLES;
        }
        String chosen = group;
        Value foundId = sources.find(idKey, value -> value.group().equals(chosen));
        Value foundSecret = SettingsSources.VARIABLES.equals(group)
                ? readSecretVariable(secretKey)
                : sources.find(secretKey, value -> value.group().equals(chosen));
        boolean isInFiles = group == null || group.equals(Value.FILES);
        Value id = sources.usable(idKey, foundId);
        Value secret = sources.usable(secretKey, foundSecret);

        String together = !isInFiles ? "; client ID and client secret must come from the same source" : "";
        if (id == null) {
            Code code = sources.find(idKey, value -> true) != null ? Code.MIXED_CREDENTIALS : Code.MISSING;
            sources.missing(idKey, "the identifier of the application" + together, code);
        } else if (convert(id.text(), Bindable.of(UUID.class)) == null) {
            sources.problem(idKey, Code.INVALID, id.source(), "a UUID, the identifier of the application");
        } else {
            checked.put(idKey, UUID.fromString(id.text()));
        }
        if (secret == null) {
            Code code = sources.find(secretKey, value -> true) != null ? Code.MIXED_CREDENTIALS : Code.MISSING;
            sources.missing(secretKey, "the token of the application" + together, code);
        } else if (!secret.text().equals(secret.raw())) {
            String expected = "a secret without spaces or line breaks around it";
            sources.problem(secretKey, Code.INVALID, secret.source(), expected);
        } else {
            checked.put(secretKey, Secret.of(secret.text()));
        }
        readEndpoint(!isInFiles);
    }

    /** The secret in the content of a file, which usually ends with a line break. */
    public static String secretIn(String content) {
        return content.replaceFirst("\\r?\\n$", "");
    }

    private @Nullable Value readSecretVariable(String key) {
        Value direct = sources.find(key, value -> value.group().equals(SettingsSources.VARIABLES));
        Value file = sources.variable(SECRET_FILE);
        if (file == null) {
            return direct;
        }
        if (direct != null) {
            String expected = "KUFLOW_API_CLIENTSECRET or KUFLOW_API_CLIENTSECRET_FILE, not both";
            sources.problem(key, Code.CONFLICT, file.source(), expected);
            return direct;
        }
        String content = sources.readFile(key, file);
        String raw = content == null ? "" : secretIn(content);
        if (raw.isBlank()) {
            sources.problem(key, Code.INVALID, file.source(), "a secret; the file is empty");
        }
        checked.put("kuflow.api.client-secret-file", sources.resolve(file.text()));
        // The variable counts as set even if the file is unreadable, so that no other source supplies the secret.
        return new Value(raw, raw.strip(), file.source(), file.group());
    }

    private void readEndpoint(boolean hasOtherCredentials) {
        String key = "kuflow.api.endpoint";
        Value file = sources.find(key, Value::isInFile);
        Value other = sources.find(key, value -> !value.isInFile());
        Value found = sources.usable(key, other == null && !hasOtherCredentials ? file : other);
        URI endpoint = parseEndpoint(found == null ? DEFAULT_ENDPOINT : found.text());
        if (endpoint == null) {
            String expected =
                    "an address like %s; http: is allowed only for loopback addresses, and %s is the only supported version"
                            .formatted(DEFAULT_ENDPOINT, API_VERSION);
            sources.problem(key, Code.INVALID, found == null ? key : found.source(), expected);
            return;
        }
        checked.put(key, endpoint);
        // Credentials of one KuFlow must not be sent to another.
        boolean isOther =
                file != null && !file.text().contains("FILL_ME") && !endpoint.equals(parseEndpoint(file.text()));
        if (hasOtherCredentials && isOther) {
            String expected = "%s, the endpoint of the credentials in the environment; the file has %s"
                    .formatted(endpoint, file.text());
            sources.problem(key, Code.ENDPOINT_MISMATCH, file.source(), expected);
        }
    }

    private void readMutualTls() {
        String files = readMaterial("");
        String data = readMaterial("-data");
        if (files != null && data != null) {
            String expected = "files (cert, key, ca) or inline PEM (cert-data, key-data, ca-data), not both";
            sources.problem("temporal.mutual-tls", Code.CONFLICT, files + ", " + data, expected);
        }
    }

    /** Returns the source of the certificate, key and CA, or null if they are not set. */
    private @Nullable String readMaterial(String suffix) {
        String certKey = "temporal.mutual-tls.cert" + suffix;
        String keyKey = "temporal.mutual-tls.key" + suffix;
        String caKey = "temporal.mutual-tls.ca" + suffix;
        Value foundCert = sources.find(certKey);
        Value foundKey = sources.find(keyKey);
        Value foundCa = sources.find(caKey);
        String source = Stream.of(foundCert, foundKey, foundCa)
                .filter(Objects::nonNull)
                .map(Value::source)
                .findFirst()
                .orElse(null);
        if (source == null) {
            return null;
        }
        if (foundKey == null || foundCa == null) {
            sources.missing(certKey, keyKey + " and " + caKey + ", which it requires");
        }
        if (foundCert == null) {
            sources.missing(certKey, "the certificate for " + keyKey);
        }
        boolean isFile = suffix.isEmpty();
        String dataKey = "temporal.mutual-tls.%s-data";
        String cert = readPem(certKey, "usable PEM", isFile, dataKey.formatted("cert"), Pem::readCertificate);
        String key = readPem(keyKey, "usable PEM", isFile, dataKey.formatted("key"), Pem::readPrivateKey);
        readPem(caKey, "usable PEM", isFile, dataKey.formatted("ca"), Pem::readAuthorities);
        if (isFile && cert != null && foundCert != null) {
            checked.put(certKey, sources.resolve(foundCert.text()));
        }
        if (cert != null && key != null && foundKey != null && !Pem.keyFitsCertificate(cert, key)) {
            sources.problem(keyKey, Code.INVALID, foundKey.source(), "the private key that belongs to " + certKey);
        }
        return source;
    }

    /** Reads a setting with PEM text, or with the path of a PEM file, and stores its text as the setting {@code dataKey}. */
    private @Nullable String readPem(
            String key, String expected, boolean isFile, String dataKey, UnaryOperator<String> read) {
        Value found = sources.find(key);
        String text = found == null ? null : isFile ? sources.readFile(key, found) : found.text();
        if (found == null || text == null) {
            return null;
        }
        try {
            String pem = read.apply(text);
            checked.put(dataKey, dataKey.endsWith("key-data") ? Secret.of(pem) : pem);
            return pem;
        } catch (PemException unusable) {
            sources.problem(key, Code.INVALID, found.source(), expected + "; found " + unusable.getMessage());
            return null;
        }
    }

    /** Reads the proxy. Returns the hosts to reach without it, from NO_PROXY. */
    private String readProxy() {
        String key = "temporal.proxy";
        Value explicit = sources.find(key);
        Value found = Stream.of("https_proxy", "HTTPS_PROXY")
                .map(sources::variable)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        found = explicit == null ? found : explicit;
        if (found == null || found.text().equals("none")) {
            return "";
        }
        String address = found.text().contains("://") ? found.text() : "http://" + found.text();
        URI uri = parseUri(address);
        if (uri == null || !"http".equals(uri.getScheme()) || uri.getHost() == null) {
            String expected = "the address of an HTTP proxy, http://host:port, or none";
            sources.problem(key, Code.INVALID, found.source(), expected);
            return "";
        }
        if (address.matches("(?s).*://.*[@/?#].*@.*")) {
            String expected = "a user name and password with @, /, ? and # percent-encoded";
            sources.problem(key, Code.INVALID, found.source(), expected);
            return "";
        }
        checked.put(key, Secret.of(address));
        Value noProxy = sources.variable("no_proxy");
        noProxy = noProxy == null ? sources.variable("NO_PROXY") : noProxy;
        return explicit == null && noProxy != null ? noProxy.text() : "";
    }

    // Each of these returns null for an invalid text.

    /** Adds the version segment and removes a trailing slash. An address that must not receive credentials is invalid. */
    private static @Nullable URI parseEndpoint(String address) {
        URI uri = parseUri(address);
        if (uri == null || uri.getHost() == null || uri.getScheme() == null) {
            return null;
        }
        String scheme = uri.getScheme().toLowerCase(Locale.ROOT);
        if (!scheme.equals("https") && !(scheme.equals("http") && HttpProxy.isLoopback(uri.getHost()))) {
            return null;
        }
        if (uri.getRawUserInfo() != null || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            return null;
        }
        String path = uri.getRawPath().replaceAll("/{2,}", "/").replaceFirst("/$", "");
        Matcher version = VERSION.matcher(path);
        boolean hasVersion = version.find();
        if (hasVersion && !version.group(1).equals(API_VERSION)) {
            return null;
        }
        boolean isDefaultPort = uri.getPort() == (scheme.equals("https") ? 443 : 80);
        String port = uri.getPort() < 0 || isDefaultPort ? "" : ":" + uri.getPort();
        String origin = scheme + "://" + uri.getHost().toLowerCase(Locale.ROOT) + port;
        return URI.create(origin + path + (hasVersion ? "" : "/" + API_VERSION));
    }

    private static @Nullable URI parseUri(String address) {
        try {
            return URI.create(address);
        } catch (IllegalArgumentException invalid) {
            return null;
        }
    }

    private static @Nullable String parseTarget(String text) {
        Matcher target = TARGET.matcher(text);
        if (!target.matches()) {
            return null;
        }
        int port = Integer.parseInt(target.group(1));
        return port >= 1 && port <= MAX_PORT ? text : null;
    }

    private static @Nullable Integer parseInteger(String text, int min, int max) {
        Integer value = convert(text, Bindable.of(Integer.class));
        return value != null && value >= min && value <= max ? value : null;
    }

    /** As Spring converts properties. */
    private static <T> @Nullable T convert(String text, Bindable<T> type) {
        try {
            return new Binder(new MapConfigurationPropertySource(Map.of("value", text)))
                    .bind("value", type)
                    .orElse(null);
        } catch (BindException unfit) {
            return null;
        }
    }
}
