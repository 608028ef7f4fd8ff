package kuflow.worker.workflow;

import kuflow.worker.model.KuFlowFile;
import org.jspecify.annotations.Nullable;

/** What a user action's workflow returns to KuFlow. For a downloadable action, the response must contain a document. */
public record ActionResponse(
        @Nullable String message, @Nullable Downloadable downloadable) {

    /** @param documentUri the {@code ku:} URI of one of the process's documents */
    public record Downloadable(String documentUri) {}

    public static ActionResponse of(String message) {
        return new ActionResponse(message, null);
    }

    /** @param document what {@link kuflow.worker.Documents} uploaded to the process */
    public static ActionResponse of(KuFlowFile document) {
        return new ActionResponse(null, new Downloadable(document.uri()));
    }
}
