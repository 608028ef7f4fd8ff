package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/** An operation of a JSON Patch, for example {@code JsonPatchOperation.replace("/city", "Lugo")}. Paths are JSON pointers. */
public record JsonPatchOperation(
        Op op,
        String path,
        @Nullable String from,
        @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Object value) {

    public enum Op {
        @JsonProperty("add")
        ADD,
        @JsonProperty("remove")
        REMOVE,
        @JsonProperty("replace")
        REPLACE,
        @JsonProperty("move")
        MOVE,
        @JsonProperty("copy")
        COPY,
        @JsonProperty("test")
        TEST
    }

    public static JsonPatchOperation add(String path, @Nullable Object value) {
        return new JsonPatchOperation(Op.ADD, path, null, value);
    }

    public static JsonPatchOperation replace(String path, @Nullable Object value) {
        return new JsonPatchOperation(Op.REPLACE, path, null, value);
    }

    public static JsonPatchOperation remove(String path) {
        return new JsonPatchOperation(Op.REMOVE, path, null, null);
    }
}
