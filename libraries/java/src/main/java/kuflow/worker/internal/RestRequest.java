package kuflow.worker.internal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A call of KuFlow's REST API.
 *
 * @param operation KuFlow's name of the operation, for logs and metrics
 * @param path relative to the version segment
 * @param query repeated parameters have several values
 * @param file sent instead of a body
 * @param once whether the call is never repeated, because repeating it would do harm
 * @param timeout limit for the whole call, or null for the limits of each attempt
 */
public record RestRequest(
        String operation,
        String method,
        String path,
        Map<String, List<String>> query,
        @Nullable Object body,
        String contentType,
        @Nullable Path file,
        boolean once,
        @Nullable Duration timeout) {

    public static RestRequest of(String operation, String method, String path) {
        return new RestRequest(operation, method, path, Map.of(), null, "application/json", null, false, null);
    }

    /** Adds a parameter. Null is left out, and the elements of a collection become repeated parameters. */
    public RestRequest query(String name, @Nullable Object value) {
        if (value == null) {
            return this;
        }
        Map<String, List<String>> added = new LinkedHashMap<>(query);
        Collection<?> values = value instanceof Collection<?> collection ? collection : List.of(value);
        added.put(name, values.stream().map(String::valueOf).toList());
        return new RestRequest(operation, method, path, added, body, contentType, file, once, timeout);
    }

    public RestRequest body(Object json) {
        return body(json, "application/json");
    }

    public RestRequest body(Object json, String jsonType) {
        return new RestRequest(operation, method, path, query, json, jsonType, file, once, timeout);
    }

    /** Sends the content of a file. The call is never repeated. */
    public RestRequest file(Path content) {
        return new RestRequest(
                operation, method, path, query, null, "application/octet-stream", content, true, timeout);
    }

    public RestRequest neverRepeated() {
        return new RestRequest(operation, method, path, query, body, contentType, file, true, timeout);
    }

    public RestRequest timeout(Duration limit) {
        return new RestRequest(operation, method, path, query, body, contentType, file, once, limit);
    }
}
