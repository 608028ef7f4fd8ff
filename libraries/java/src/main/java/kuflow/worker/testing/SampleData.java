package kuflow.worker.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import kuflow.worker.internal.KuFlowJson;

/**
 * Sample data for running a process to completion.
 *
 * @param items the codes of its items, in the order of their creation
 * @param answers the data that people enter, by task code
 * @param metadata the metadata that the process is started with
 */
public record SampleData(List<String> items, Map<String, Map<String, Object>> answers, Map<String, Object> metadata) {

    /** Reads {@code samples/<name>.json}. */
    public static SampleData read(String name) {
        try (InputStream json = SampleData.class.getResourceAsStream("/samples/" + name + ".json")) {
            return KuFlowJson.mapper().readValue(Objects.requireNonNull(json, name), SampleData.class);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    public Map<String, Object> answerTo(String code) {
        return answers.getOrDefault(code, Map.of());
    }
}
