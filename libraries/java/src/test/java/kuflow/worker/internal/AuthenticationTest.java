package kuflow.worker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("authentication")
class AuthenticationTest {

    private static final String ID = TestSettings.APPLICATION_ID.toString();

    @TempDir
    private Path folder;

    @Test
    @DisplayName("uses the client secret that is in its file when the token is renewed")
    void secretFile() throws IOException {
        Path file = Files.writeString(folder.resolve("secret"), "first\n");
        try (LoopbackServer server = new LoopbackServer()) {
            server.on("POST /authentications", responds(200, "{\"engineToken\": {\"token\": \"t\"}}"));
            WorkerSettings settings = SettingsLoader.load(
                    folder,
                    Map.of(
                            "KUFLOW_API_CLIENTID",
                            ID,
                            "KUFLOW_API_CLIENTSECRET_FILE",
                            "secret",
                            "KUFLOW_API_ENDPOINT",
                            server.endpoint().toString(),
                            "TEMPORAL_KUFLOWQUEUE",
                            "A"));
            RestClient rest = new RestClient(settings, new WorkerMetrics(new SimpleMeterRegistry()));
            Authentication authentication = new Authentication(rest, settings, Clock.systemUTC());

            authentication.requestToken();
            Files.writeString(file, "second\n");
            authentication.requestToken();
            // While the file is being replaced, the previous secret counts.
            Files.writeString(file, "");
            authentication.requestToken();
            Files.delete(file);
            authentication.requestToken();

            assertThat(server.requests())
                    .extracting(request -> new String(
                            Base64.getDecoder().decode(request.authorization().substring(6)), UTF_8))
                    .isEqualTo(List.of(ID + ":first", ID + ":second", ID + ":second", ID + ":second"));
        }
    }
}
