package kuflow.worker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** KuFlow's API on the loopback interface, with the responses of a test. Calls without a response get a 404. */
public final class LoopbackServer implements AutoCloseable {

    /** {@code call} is the method and the path after the version, for example {@code GET /processes?size=1}. */
    public record Request(String call, String authorization, String contentType, String body) {}

    private static final String VERSION = "/v2024-06-14";

    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final Map<String, HttpHandler> handlers = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    public LoopbackServer() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException unavailable) {
            throw new UncheckedIOException(unavailable);
        }
        server.createContext(VERSION, this::handle);
        server.setExecutor(executor);
        server.start();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + VERSION);
    }

    /** Handles the requests with this method and path, such as {@code GET /processes}. */
    public void on(String call, HttpHandler handler) {
        handlers.put(call, handler);
    }

    /** A response. Headers are names and values in turn. */
    public static HttpHandler responds(int status, String body, String... headers) {
        return exchange -> {
            for (int i = 0; i < headers.length; i += 2) {
                exchange.getResponseHeaders().set(headers[i], headers[i + 1]);
            }
            byte[] bytes = body.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    /** All requests since the start, in their order. */
    public List<Request> requests() {
        return requests;
    }

    public List<String> calls() {
        return requests.stream().map(Request::call).toList();
    }

    private void handle(HttpExchange exchange) throws IOException {
        URI uri = exchange.getRequestURI();
        String call = exchange.getRequestMethod() + " " + uri.getRawPath().substring(VERSION.length());
        requests.add(new Request(
                uri.getRawQuery() == null ? call : call + "?" + uri.getRawQuery(),
                exchange.getRequestHeaders().getFirst("Authorization"),
                exchange.getRequestHeaders().getFirst("Content-Type"),
                new String(exchange.getRequestBody().readAllBytes(), UTF_8)));
        try (exchange) {
            handlers.getOrDefault(call, responds(404, "{\"message\": \"no\"}")).handle(exchange);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
