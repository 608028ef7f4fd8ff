package kuflow.worker.model;

import java.util.List;
import java.util.UUID;

/** Filters of a search for business artifacts. */
public final class FindBusinessArtifacts extends Find<FindBusinessArtifacts> {

    public FindBusinessArtifacts businessArtifactDefinitionIds(UUID... ids) {
        return with("businessArtifactDefinitionIds", List.of(ids));
    }

    public FindBusinessArtifacts businessArtifactDefinitionCodes(String... codes) {
        return with("businessArtifactDefinitionCodes", List.of(codes));
    }

    /** Expressions such as {@code status in active inactive}. */
    public FindBusinessArtifacts values(String... expressions) {
        return with("values", List.of(expressions));
    }
}
