package kuflow.worker.internal;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityInfo;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import kuflow.worker.KuFlowClient;
import kuflow.worker.KuFlowOperations.JsonValue;
import kuflow.worker.KuFlowOperations.ProcessItem;
import kuflow.worker.internal.WorkerActivities.CompleteTask;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/** Checks the data of system tasks against the schemas of the process definition. */
public class TaskData {

    private static final String SCHEMAS = "classpath*:kuflow/schemas/*.json";
    private static final int MAX_ERRORS = 10;

    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_7,
            registry -> registry.schemaRegistryConfig(SchemaRegistryConfig.builder()
                    .formatAssertionsEnabled(false)
                    .locale(Locale.ENGLISH)
                    .build()));

    /** By workflow type and code of the task. */
    private final Map<String, Map<String, Schema>> schemas = new HashMap<>();

    public TaskData() {
        try {
            for (Resource file : new PathMatchingResourcePatternResolver().getResources(SCHEMAS)) {
                try (InputStream content = file.getInputStream()) {
                    Map<String, Map<String, JsonNode>> workflows =
                            KuFlowJson.mapper().readValue(content, new TypeReference<>() {});
                    workflows.forEach((type, tasks) ->
                            tasks.forEach((code, schema) -> schemas.computeIfAbsent(type, added -> new HashMap<>())
                                    .put(code, REGISTRY.getSchema(schema))));
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /**
     * Throws a failure if the data of a task does not match its schema. The failure names the places, not the values. Temporal
     * repeats the activity, so the process continues when its code has been fixed, unless {@code isFinal}.
     */
    void validate(String code, @Nullable Object data, boolean isFinal, ActivityInfo info) {
        Map<String, Schema> ofProcess = schemas.get(info.getWorkflowType());
        // A child workflow has another type than the workflow of the process.
        Schema schema = (ofProcess == null ? schemas.values().stream() : Stream.of(ofProcess))
                .map(tasks -> tasks.get(code))
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        if (schema == null) {
            return;
        }
        JsonNode tree = KuFlowJson.mapper().valueToTree(data == null ? Map.of() : data);
        List<Error> errors = schema.validate(tree);
        if (errors.isEmpty()) {
            return;
        }
        throw invalid(code, "does not match its schema", errors.stream().map(TaskData::describe), isFinal);
    }

    /** Without the message's own place, which may differ, and without values. */
    private static String describe(Error error) {
        String place = error.getInstanceLocation().toString();
        return (place.isEmpty() ? "/" : place) + " " + error.getMessage();
    }

    /**
     * Saves the data of a task and completes the task. Data that does not match the schema of this project is not saved. If only
     * KuFlow finds the data invalid, its definition of the task is different: the task stays open, and Temporal repeats the
     * activity.
     */
    ProcessItem complete(KuFlowClient kuflow, CompleteTask request) {
        ActivityInfo info = Activity.getExecutionContext().getInfo();
        validate(request.code(), request.data(), true, info);
        if (info.getAttempt() > 1) {
            // The response to the last attempt may have been lost.
            ProcessItem item = kuflow.retrieveProcessItem(request.processItemId());
            if (item.taskState() == ProcessItem.TaskState.COMPLETED
                    && kuflow.applicationId().equals(item.ownerId())) return item;
        }
        ProcessItem.Task saved = kuflow.updateProcessItemTaskData(request.processItemId(), JsonValue.of(request.data()))
                .task();
        if (saved != null
                && saved.data() != null
                && Boolean.FALSE.equals(saved.data().valid())) {
            List<JsonValue.Error> errors =
                    saved.data().errors() == null ? List.of() : saved.data().errors();
            throw invalid(
                    request.code(),
                    "does not match the task's structure in KuFlow",
                    errors.stream().map(TaskData::describe),
                    false);
        }
        return kuflow.completeProcessItemTask(request.processItemId());
    }

    private static String describe(JsonValue.Error error) {
        String place = error.propertyPath() == null || error.propertyPath().isEmpty() ? "/" : error.propertyPath();
        return place + " " + (error.type() == null ? "is invalid" : error.type());
    }

    private static ApplicationFailure invalid(String code, String problem, Stream<String> errors, boolean isFinal) {
        List<String> all = errors.toList();
        String listed = String.join("; ", all.subList(0, Math.min(all.size(), MAX_ERRORS)));
        String message = "The data of " + code + " " + problem + ": " + listed + (all.size() > MAX_ERRORS ? "; …" : "");
        return ApplicationFailure.newBuilder()
                .setMessage(message)
                .setType(Redaction.INVALID_TASK_DATA)
                .setNonRetryable(isFinal)
                .build();
    }
}
