package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kuflow.worker.internal.SettingsException.Code;
import kuflow.worker.internal.SettingsException.Problem;
import kuflow.worker.internal.WorkerSettings.Temporal;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("settings")
class SettingsLoaderTest {

    private static final String ID = "11111111-2222-4333-8444-555555555555";
    private static final Map<String, String> CREDENTIALS =
            Map.of("KUFLOW_API_CLIENTID", ID, "KUFLOW_API_CLIENTSECRET", "the-secret");

    @TempDir
    Path directory;

    @Test
    @DisplayName("are complete with a task queue and credentials")
    void complete() throws IOException {
        write("application.yaml", "temporal.kuflow-queue: A");
        WorkerSettings settings =
                SettingsLoader.load(directory, with(CREDENTIALS, "KUFLOW_API_ENDPOINT", "https://kuflow.example/"));
        assertThat(settings.api().endpoint()).hasToString("https://kuflow.example/v2024-06-14");
    }

    @Test
    @DisplayName("from the environment override application-local.yaml, which overrides application.yaml")
    void sources() throws IOException {
        write("application.yaml", "temporal: { kuflow-queue: A, target: 'a:1', namespace: a }");
        write("application-local.yaml", "temporal: { target: 'b:2', namespace: b }");
        Temporal temporal = SettingsLoader.load(directory, with(CREDENTIALS, "TEMPORAL_NAMESPACE", "c"))
                .temporal();
        assertThat(temporal.kuflowQueue()).isEqualTo("A");
        assertThat(temporal.target()).isEqualTo("b:2");
        assertThat(temporal.namespace()).isEqualTo("c");
    }

    @Test
    @DisplayName("can be in any source of Spring Boot: the command line, files of a profile, a tree of files")
    void otherSources() throws IOException {
        write("application.yaml", """
                spring.config.import: optional:configtree:%s/
                temporal: { kuflow-queue: A, target: 'a:1', namespace: a }
                """.formatted(Files.createDirectories(directory.resolve("tree"))));
        write("application-dev.yaml", "temporal: { target: 'b:2', namespace: b }");
        Files.writeString(
                Files.createDirectories(directory.resolve("tree/kuflow/api")).resolve("client-id"), ID);
        Files.writeString(directory.resolve("tree/kuflow/api/client-secret"), "mounted");
        WorkerSettings settings =
                SettingsLoader.load(directory, Map.of(), "--spring.profiles.active=dev", "--temporal.namespace=c");
        assertThat(settings.temporal().target()).isEqualTo("b:2");
        assertThat(settings.temporal().namespace()).isEqualTo("c");
        assertThat(settings.api().clientSecret().reveal()).isEqualTo("mounted");
    }

    @Test
    @DisplayName("can have the names of KuFlow's own templates, in the spellings of Spring")
    void names() throws IOException {
        write("application.yaml", """
                application.temporal: { target: 'a:1', kuflowQueue: A }
                temporal: { installation-id: %s }
                """.formatted(ID));
        WorkerSettings settings =
                SettingsLoader.load(directory, with(CREDENTIALS, "APPLICATION_TEMPORAL_TARGET", "b:2"));
        assertThat(settings.temporal().kuflowQueue()).isEqualTo("A");
        assertThat(settings.temporal().target()).isEqualTo("b:2");
        assertThat(settings.worker().installationId()).hasToString(ID);
    }

    @Test
    @DisplayName("report all problems at once, with key, source and the expected value")
    void problems() throws IOException {
        write("application.yaml", """
                kuflow: { api: { client-id: FILL_ME, tenant-id: not-a-uuid } }
                worker: { health-port: x }
                """);
        assertThat(problemsOf(Map.of()))
                .extracting(Problem::toString)
                .containsExactly(
                        "kuflow.api.client-id (application.yaml): expected a value instead of FILL_ME",
                        "kuflow.api.client-secret (application.yaml, application-local.yaml or KUFLOW_API_CLIENTSECRET): "
                                + "missing the token of the application",
                        "kuflow.api.tenant-id (application.yaml): expected a UUID",
                        "worker.health-port (application.yaml): expected a whole number from 0 to 65535",
                        "temporal.kuflow-queue (application.yaml, application-local.yaml or TEMPORAL_KUFLOWQUEUE): "
                                + "missing the task queue of the process definition");
    }

    @Test
    @DisplayName("never combine an ID from the environment with a secret from a file")
    void credentials() throws IOException {
        write("application-local.yaml", "kuflow: { api: { client-id: %s, client-secret: x } }".formatted(ID));
        assertThat(problemsOf(Map.of("KUFLOW_API_CLIENTID", ID, "TEMPORAL_KUFLOWQUEUE", "A")))
                .extracting(Problem::key, Problem::code)
                .containsExactly(tuple("kuflow.api.client-secret", Code.MIXED_CREDENTIALS));
    }

    @Test
    @DisplayName("keep a secret as it is written")
    void secrets() throws IOException {
        // Spring would replace the placeholder.
        for (String secret : List.of("00012345678901234567", "a${HOME}b#{1}c")) {
            write("application.yaml", "kuflow.api: { client-id: %s, client-secret: '%s' }".formatted(ID, secret));
            WorkerSettings settings = SettingsLoader.load(directory, Map.of("TEMPORAL_KUFLOWQUEUE", "A"));
            assertThat(settings.api().clientSecret().reveal()).isEqualTo(secret);
        }
    }

    @Test
    @DisplayName("do not show a secret, and neither do their problems")
    void redaction() throws IOException {
        Map<String, String> environment =
                with(with(CREDENTIALS, "TEMPORAL_KUFLOWQUEUE", "A"), "TEMPORAL_PROXY", "http://u:the-secret@proxy:1");
        WorkerSettings settings = SettingsLoader.load(directory, environment);
        assertThat(settings.toString()).contains("[redacted]").doesNotContain("the-secret");
        assertThat(settings.api().clientSecret().reveal()).isEqualTo("the-secret");

        Map<String, String> invalid = Map.of(
                "KUFLOW_API_CLIENTID", "x",
                "KUFLOW_API_CLIENTSECRET", "the-secret ",
                "TEMPORAL_PROXY", "socks://the-secret@x");
        assertThat(problemsOf(invalid)).hasSizeGreaterThan(3);
        assertThat(problemsOf(invalid).toString()).doesNotContain("the-secret");
        write("application-local.yaml", "kuflow: { api: { client-secret: the-secret\n");
        assertThat(problemsOf(invalid))
                .extracting(Problem::toString)
                .containsExactly("application-local.yaml (application-local.yaml): "
                        + "expected a readable YAML file: not valid YAML at line 2, column 1");
    }

    private List<Problem> problemsOf(Map<String, String> environment) {
        SettingsException invalid =
                catchThrowableOfType(SettingsException.class, () -> SettingsLoader.load(directory, environment));
        return invalid.problems();
    }

    private void write(String file, String content) throws IOException {
        Files.writeString(directory.resolve(file), content);
    }

    private static Map<String, String> with(Map<String, String> environment, String name, String value) {
        Map<String, String> result = new HashMap<>(environment);
        result.put(name, value);
        return result;
    }
}
