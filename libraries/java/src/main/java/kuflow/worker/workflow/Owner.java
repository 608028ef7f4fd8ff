package kuflow.worker.workflow;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A user or an application, identified by ID or email address. */
public record Owner(@Nullable UUID id, @Nullable String email) {

    static final Owner NOBODY = new Owner(null, null);

    public static Owner ofId(UUID id) {
        return new Owner(id, null);
    }

    public static Owner ofEmail(String email) {
        return new Owner(null, email);
    }
}
