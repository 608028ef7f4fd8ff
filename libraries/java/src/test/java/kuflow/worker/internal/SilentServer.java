package kuflow.worker.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/** A server on the loopback interface that reads one request and never responds. */
public final class SilentServer implements AutoCloseable {

    private final CompletableFuture<Void> requested = new CompletableFuture<>();
    private final CompletableFuture<Void> disconnected = new CompletableFuture<>();
    private final ServerSocket server;

    public SilentServer() {
        try {
            server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        } catch (IOException unavailable) {
            throw new UncheckedIOException(unavailable);
        }
        Thread thread = new Thread(this::serve, "silent-server");
        thread.setDaemon(true);
        thread.start();
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** Completes when a request arrives. */
    public CompletableFuture<Void> requested() {
        return requested;
    }

    /** Completes when the client closes the connection. */
    public CompletableFuture<Void> disconnected() {
        return disconnected;
    }

    private void serve() {
        try (Socket connection = server.accept()) {
            InputStream request = connection.getInputStream();
            request.read();
            requested.complete(null);
            request.transferTo(OutputStream.nullOutputStream());
        } catch (IOException closed) {
            // The client has closed the connection, or the test has ended.
        }
        disconnected.complete(null);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
