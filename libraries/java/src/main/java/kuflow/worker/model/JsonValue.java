package kuflow.worker.model;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A JSON value of KuFlow. {@code valid} and {@code errors} come from KuFlow and are ignored in requests. */
public record JsonValue<T>(
        T value, @Nullable Boolean valid, @Nullable List<Error> errors) {

    /** What is wrong with the value. {@code propertyPath} is a JSON pointer. */
    public record Error(
            @Nullable String propertyPath, @Nullable String type) {}

    public static <T> JsonValue<T> of(T value) {
        return new JsonValue<>(value, null, null);
    }
}
