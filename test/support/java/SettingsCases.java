import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import kuflow.worker.internal.Secret;
import kuflow.worker.internal.SettingsException;
import kuflow.worker.internal.SettingsLoader;
import kuflow.worker.internal.WorkerSettings;

/**
 * Loads the settings of several cases in one JVM. Reads [{ directory, env }] from stdin and writes [{ problems, values, shown }]. Values are
 * what the settings contain; shown is how they print.
 */
class SettingsCases {

    public static void main(String[] args) throws Exception {
        ObjectMapper json = new ObjectMapper();
        List<Object> results = new ArrayList<>();
        for (JsonNode one : json.readTree(System.in)) {
            Map<String, String> environment = new HashMap<>();
            one.get("env").properties().forEach(variable -> environment.put(
                    variable.getKey(), variable.getValue().asText()));
            results.add(load(Path.of(one.get("directory").asText()), environment));
        }
        json.writeValue(System.out, results);
    }

    private static Map<String, Object> load(Path directory, Map<String, String> environment) {
        try {
            WorkerSettings settings = SettingsLoader.load(directory, environment);
            return Map.of("problems", List.of(), "values", values(settings), "shown", settings.toString());
        } catch (SettingsException invalid) {
            List<Map<String, String>> problems = invalid.problems().stream()
                    .map(problem -> Map.of(
                            "key", problem.key(),
                            "code", problem.code().name().toLowerCase(Locale.ROOT).replace('_', '-'),
                            "expected", problem.expected()))
                    .toList();
            return Map.of("problems", problems, "values", Map.of(), "shown", invalid.toString());
        }
    }

    private static Map<String, Object> values(WorkerSettings settings) {
        WorkerSettings.KuFlowApi api = settings.api();
        WorkerSettings.Temporal temporal = settings.temporal();
        WorkerSettings.MutualTls tls = temporal.mutualTls();
        WorkerSettings.Worker worker = settings.worker();
        Map<String, Object> values = new HashMap<>();
        values.put("kuflow.api.endpoint", text(api.endpoint()));
        values.put("kuflow.api.client-id", text(api.clientId()));
        values.put("kuflow.api.client-secret", reveal(api.clientSecret()));
        values.put("kuflow.api.tenant-id", text(api.tenantId()));
        values.put("temporal.target", temporal.target());
        values.put("temporal.namespace", temporal.namespace());
        values.put("temporal.kuflow-queue", temporal.kuflowQueue());
        values.put("temporal.mutual-tls.cert-data", tls.certData());
        values.put("temporal.mutual-tls.key-data", reveal(tls.keyData()));
        values.put("temporal.mutual-tls.ca-data", tls.caData());
        values.put("temporal.mutual-tls.server-name", tls.serverName());
        values.put("temporal.proxy", reveal(temporal.proxy()));
        values.put("worker.installation-id", text(worker.installationId()));
        values.put("worker.robot-ids", worker.robotIds());
        values.put("worker.health-port", worker.healthPort());
        values.put("worker.metrics-port", worker.metricsPort());
        values.put("worker.max-concurrent-workflow-tasks", worker.maxConcurrentWorkflowTasks());
        values.put("worker.max-concurrent-activities", worker.maxConcurrentActivities());
        values.put("worker.log-level", lowercase(worker.logLevel()));
        values.put("worker.log-format", lowercase(worker.logFormat()));
        values.put("worker.attempts-before-task-log", worker.attemptsBeforeTaskLog());
        values.put("worker.max-payload-bytes", worker.maxPayloadBytes());
        return values;
    }

    private static String text(Object value) {
        return value == null ? null : value.toString();
    }

    private static String reveal(Secret secret) {
        return secret == null ? null : secret.reveal();
    }

    private static String lowercase(Enum<?> value) {
        return value == null ? null : value.name().toLowerCase(Locale.ROOT);
    }
}
