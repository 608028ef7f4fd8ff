package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A user, an application or the system itself. */
public record Principal(
        UUID id,
        Type type,
        @Nullable String name,
        @Nullable User user,
        @Nullable Application application) {

    public enum Type {
        USER,
        APPLICATION,
        SYSTEM,
        @JsonEnumDefaultValue
        UNKNOWN
    }

    public record User(UUID id, @Nullable String email) {}

    public record Application(UUID id) {}
}
