package kuflow.worker.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import kuflow.worker.internal.KuFlowJson;
import org.jspecify.annotations.Nullable;

/** A running local KuFlow, and the worker if it was started for a test. */
final class LocalConnection implements AutoCloseable {

    /** The variable with the path of the {@code platform.json} of a running local KuFlow. */
    private static final String STATE_FILE = "KUFLOW_DEV_STATE_FILE";

    private static final String API = "/v2024-06-14";
    private static final Duration START_LIMIT = Duration.ofSeconds(300);
    private static final Pattern NOT_OF_WORKER = Pattern.compile(".*[/\\\\]test-classes[/\\\\]?");
    static final ObjectMapper JSON = KuFlowJson.mapper();

    private final JsonNode state;
    private final List<LocalChild> children;
    // No proxy.
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .build();

    private LocalConnection(JsonNode state, List<LocalChild> children) {
        this.state = state;
        this.children = children;
    }

    static LocalConnection open(Class<?> application) {
        String running = System.getenv(STATE_FILE);
        List<LocalChild> children = new ArrayList<>();
        LocalConnection connection =
                new LocalConnection(read(running == null ? startPlatform(children) : running), children);
        try {
            if (running == null) {
                children.add(0, startWorker(application, connection));
            }
            JsonNode started =
                    connection.dev("POST", "/workers/wait", Map.of("timeoutSeconds", START_LIMIT.toSeconds()));
            if (!started.path("polling").asBoolean()) {
                throw new IllegalStateException(
                        "No worker is polling the task queues after " + START_LIMIT.toSeconds() + " s");
            }
            return connection;
        } catch (RuntimeException failed) {
            connection.close();
            throw failed;
        }
    }

    private static JsonNode read(String stateFile) {
        try {
            return JSON.readTree(new File(stateFile));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns the path of its state file. */
    private static String startPlatform(List<LocalChild> children) {
        boolean onWindows = File.separatorChar == '\\';
        String kuflow = new File(onWindows ? "kuflow.cmd" : "kuflow").getAbsolutePath();
        CompletableFuture<String> ready = new CompletableFuture<>();
        LocalChild child =
                new LocalChild("The local KuFlow", List.of(kuflow, "dev", "--json", "--ephemeral"), Map.of(), line -> {
                    try {
                        JsonNode event = JSON.readTree(line);
                        if (event.path("kind").asText().equals("ready")) {
                            ready.complete(event.path("stateFile").asText());
                        }
                    } catch (IOException invalid) {
                        ready.completeExceptionally(new UncheckedIOException(line, invalid));
                    }
                });
        children.add(child);
        return first(ready, List.of(child));
    }

    private static LocalChild startWorker(Class<?> application, LocalConnection connection) {
        Map<String, String> variables = new HashMap<>(Map.of("WORKER_HEALTHPORT", "0", "WORKER_METRICSPORT", "0"));
        connection
                .dev("GET", "/environment", null)
                .path("variables")
                .properties()
                .forEach(variable ->
                        variables.put(variable.getKey(), variable.getValue().asText()));
        // What is only for tests, such as their configuration of logs, is not for the worker.
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !NOT_OF_WORKER.matcher(entry).matches())
                .collect(Collectors.joining(File.pathSeparator));
        variables.put("CLASSPATH", classPath);
        return new LocalChild(
                "The worker",
                List.of(
                        new File(System.getProperty("java.home"), "bin/java").getPath(),
                        "-XX:TieredStopAtLevel=1",
                        "-Dspring.devtools.restart.enabled=false",
                        LocalWorker.class.getName(),
                        application.getName(),
                        "--spring.profiles.active=dev"),
                variables,
                line -> {});
    }

    String tenantId() {
        return state.path("tenantId").asText();
    }

    /** The token of a user, or of the first one. */
    String tokenOf(@Nullable String email) {
        if (email == null) {
            return state.path("user").path("token").asText();
        }
        Map<String, String> tokens = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        dev("GET", "/users", null)
                .path("users")
                .forEach(user -> tokens.put(
                        user.path("email").asText(), user.path("token").asText()));
        if (!tokens.containsKey(email)) {
            throw new IllegalArgumentException("The local KuFlow does not have the user " + email + ". Its users: "
                    + String.join(", ", tokens.keySet()));
        }
        return tokens.get(email);
    }

    /** Calls KuFlow's API as a user. */
    JsonNode api(String method, String path, String token, @Nullable Object body) {
        return call(method, API + path, token, body);
    }

    /** Calls what only the local KuFlow has. */
    JsonNode dev(String method, String path, @Nullable Object body) {
        return call(method, "/_dev" + path, tokenOf(null), body);
    }

    private JsonNode call(String method, String path, String token, @Nullable Object body) {
        try {
            HttpRequest.BodyPublisher content = body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body));
            HttpRequest.Builder request = HttpRequest.newBuilder(
                            URI.create(state.path("loopback").path("http").asText() + path))
                    .method(method, content)
                    .header("authorization", "Bearer " + token);
            if (body != null) {
                request.header("content-type", "application/json");
            }
            HttpResponse<String> response = first(http.sendAsync(request.build(), BodyHandlers.ofString()), children);
            if (response.statusCode() >= 400) {
                throw new IllegalStateException(method + " " + path + " failed with " + response.statusCode() + ": "
                        + problemOf(response.body()));
            }
            return JSON.readTree(response.body());
        } catch (IOException invalid) {
            throw new UncheckedIOException(invalid);
        }
    }

    /** Waits for a result while the processes run. */
    private static <T> T first(CompletableFuture<T> result, List<LocalChild> children) {
        Stream<CompletableFuture<T>> ends = children.stream().map(LocalChild::failure);
        try {
            CompletableFuture.anyOf(Stream.concat(Stream.of(result), ends).toArray(CompletableFuture[]::new))
                    .join();
            return result.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    /** A proxy, or a server that crashed, may respond with text that is not KuFlow's JSON. */
    static String problemOf(String body) {
        JsonNode problem;
        try {
            problem = JSON.readTree(body);
        } catch (JsonProcessingException notJson) {
            return body;
        }
        Set<String> messages =
                new LinkedHashSet<>(Set.of(problem.path("message").asText()));
        problem.path("errors")
                .forEach(error -> messages.add(error.path("message").asText()));
        return String.join("; ", messages);
    }

    /** Stops the worker before the local KuFlow. */
    @Override
    public void close() {
        for (LocalChild child : children) {
            child.stop(child != children.get(children.size() - 1));
        }
    }
}
