package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import kuflow.worker.internal.TestAuthority.Pair;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the CA of kuflow.api.ca")
class TrustedRootsTest {

    private static final TestAuthority AUTHORITY = new TestAuthority("Test CA");

    @TempDir
    Path directory;

    @Test
    @DisplayName("is trusted in addition to the root certificates of the JVM")
    void addition() throws Exception {
        TrustManagerFactory jvm = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        jvm.init((KeyStore) null);
        X509Certificate[] roots = ((X509TrustManager) jvm.getTrustManagers()[0]).getAcceptedIssuers();
        String both = AUTHORITY.cert() + new TestAuthority("Other CA").cert();
        assertThat(TrustedRoots.including(both).getAcceptedIssuers())
                .contains(roots)
                .containsAll(Pem.certificates(both));
    }

    @Test
    @DisplayName("is required for a server with a certificate of this CA")
    void required() throws Exception {
        Path ca = Files.writeString(directory.resolve("ca.pem"), AUTHORITY.cert());
        HttpsServer server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(serverContext(AUTHORITY.issue("localhost"))));
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(204, -1);
            }
        });
        server.start();
        try {
            String endpoint = "https://localhost:" + server.getAddress().getPort();
            RestRequest request = RestRequest.of("findProcesses", "GET", "/processes");
            assertThat(client(Map.of("KUFLOW_API_ENDPOINT", endpoint, "KUFLOW_API_CA", ca.toString()))
                            .call(request, JsonNode.class)
                            .body())
                    .isNull();
            assertThatThrownBy(() ->
                            client(Map.of("KUFLOW_API_ENDPOINT", endpoint)).call(request, JsonNode.class))
                    .hasMessageEndingWith("/processes: no response")
                    .hasStackTraceContaining("unable to find valid certification path");
        } finally {
            server.stop(0);
        }
    }

    private RestClient client(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("KUFLOW_API_CLIENTID", "11111111-2222-4333-8444-555555555555");
        all.put("KUFLOW_API_CLIENTSECRET", "secret");
        all.put("TEMPORAL_KUFLOWQUEUE", "QUEUE");
        return new RestClient(SettingsLoader.load(directory, all), new WorkerMetrics(new SimpleMeterRegistry()));
    }

    private static SSLContext serverContext(Pair pair) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        X509Certificate[] chain = Pem.certificates(pair.cert()).toArray(X509Certificate[]::new);
        store.setKeyEntry("server", Pem.privateKey(pair.key()), new char[0], chain);
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
