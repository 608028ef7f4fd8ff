package kuflow.worker;

import java.nio.file.Path;
import java.util.UUID;
import kuflow.worker.model.KuFlowFile;

/**
 * Transfers documents between KuFlow and files without loading them into memory. Transfer a file in the same activity that creates or
 * reads it, because the next activity might run on another host. Create that activity's stub with
 * {@link kuflow.worker.workflow.KuFlowProcess#transferActivities}, which sets the timeouts that a transfer needs.
 */
public interface Documents {

    /** Uploads a file under its own name, as {@code application/octet-stream}. */
    default KuFlowFile upload(Path file, UUID processId) {
        return upload(file, processId, String.valueOf(file.getFileName()), "application/octet-stream");
    }

    /**
     * Uploads a file. Save the result in the data of a task or process: KuFlow deletes documents that no data refers to.
     *
     * @param name the name that people see
     * @param contentType media type
     */
    KuFlowFile upload(Path file, UUID processId, String name, String contentType);

    /** Saves a document to a file, which appears only when it is complete. */
    default void download(KuFlowFile document, Path file) {
        download(document.uri(), file);
    }

    /** Saves the document with this {@code ku:} URI to a file, which appears only when it is complete. */
    void download(String uri, Path file);
}
