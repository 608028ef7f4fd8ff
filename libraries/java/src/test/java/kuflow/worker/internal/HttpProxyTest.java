package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("the proxy")
class HttpProxyTest {

    @ParameterizedTest(name = "{0}:{1} {2}")
    @CsvSource({
        "api.kuflow.com, 443, proxied",
        "localhost, 443, direct",
        "127.0.0.2, 443, direct",
        "[::1], 443, direct",
        "example.com, 443, direct",
        "api.example.com, 443, direct",
        "notexample.com, 443, proxied",
        "internal.test, 8443, direct",
        "internal.test, 443, proxied",
        "10.1.2.3, 443, direct",
        "11.1.2.3, 443, proxied",
        "[fd00::5], 443, direct",
        "[fe00::5], 443, proxied",
        "dot.test, 443, direct",
    })
    @DisplayName("is not used for loopback addresses and for hosts in NO_PROXY")
    void exceptions(String host, int port, String expected) {
        WorkerSettings settings = load(Map.of(
                "HTTPS_PROXY", "proxy.example:3128",
                "NO_PROXY", ".example.com,internal.test:8443 10.0.0.0/8,fd00::/8,dot.test.,nonsense/x"));
        assertThat(HttpProxy.forHost(settings, host, port).isEmpty()).isEqualTo(expected.equals("direct"));
    }

    @Test
    @DisplayName("of temporal.proxy is used in spite of NO_PROXY, and can have a user and password")
    void explicit() {
        WorkerSettings settings = load(Map.of(
                "TEMPORAL_PROXY", "http://me%40home:p%2Bw+x@proxy.example",
                "HTTPS_PROXY", "http://other:1",
                "NO_PROXY", "*"));
        HttpProxy proxy = HttpProxy.forHost(settings, "api.kuflow.com", 443).orElseThrow();
        assertThat(proxy.host() + ":" + proxy.port()).isEqualTo("proxy.example:80");
        assertThat(proxy.user()).isEqualTo("me@home");
        assertThat(proxy.password()).isEqualTo(Secret.of("p+w+x"));
        assertThat(proxy.toString()).doesNotContain("p+w+x");
    }

    @Test
    @DisplayName("without a user does not change which schemes the JDK allows at proxies")
    void withoutUser() {
        String name = "jdk.http.auth.tunneling.disabledSchemes";
        String before = System.clearProperty(name);
        try {
            HttpProxy.forHost(load(Map.of("TEMPORAL_PROXY", "http://proxy.example")), "api.kuflow.com", 443);
            assertThat(System.getProperty(name)).isNull();
        } finally {
            System.setProperty(name, before == null ? "" : before);
        }
    }

    private static WorkerSettings load(Map<String, String> environment) {
        Map<String, String> all = new HashMap<>(environment);
        all.put("KUFLOW_API_CLIENTID", "11111111-2222-4333-8444-555555555555");
        all.put("KUFLOW_API_CLIENTSECRET", "the-secret");
        all.put("TEMPORAL_KUFLOWQUEUE", "QUEUE");
        return SettingsLoader.load(Path.of(""), all);
    }
}
