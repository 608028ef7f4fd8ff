package kuflow.worker.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import kuflow.worker.Documents;
import kuflow.worker.RestError;
import kuflow.worker.model.KuFlowFile;
import org.jspecify.annotations.Nullable;

record RestDocuments(RestClient rest) implements Documents {

    private static final Pattern DOCUMENT_URI = Pattern.compile("ku:(process|business-artifact)/([\\w-]+)/document/.*");

    @Override
    public KuFlowFile upload(Path file, UUID processId, String name, String contentType) {
        if (sizeOf(file) == 0) {
            throw new IllegalArgumentException(name + " is empty: KuFlow does not accept empty documents");
        }
        RestRequest request = RestRequest.of(
                        "uploadProcessDocument", "POST", "/processes/" + processId + "/~actions/upload-document")
                .query("fileName", name)
                .query("fileContentType", contentType)
                .file(file);
        Uploaded uploaded = rest.call(request, Uploaded.class).body();
        if (uploaded == null || uploaded.documentUri() == null) {
            throw RestError.unexpected(
                    "The response to the upload of a document has no documentUri", request.operation());
        }
        return uploaded.documentUri();
    }

    private record Uploaded(@Nullable KuFlowFile documentUri) {}

    @Override
    public void download(KuFlowFile document, Path file) {
        download(document.uri(), file, document.size());
    }

    @Override
    public void download(String uri, Path file) {
        download(uri, file, null);
    }

    private void download(String uri, Path file, @Nullable Long size) {
        Matcher owner = DOCUMENT_URI.matcher(uri);
        if (!owner.matches()) {
            throw new IllegalArgumentException(uri + " is not the URI of a document of a process or business artifact");
        }
        boolean isOfProcess = owner.group(1).equals("process");
        RestRequest request = RestRequest.of(
                        isOfProcess ? "downloadProcessDocument" : "downloadBusinessArtifactDocument",
                        "GET",
                        (isOfProcess ? "/processes/" : "/business-artifacts/")
                                + owner.group(2)
                                + "/~actions/download-document")
                .query("documentUri", uri);
        Path incomplete = file.resolveSibling(file.getFileName() + ".incomplete");
        try {
            rest.download(request, incomplete);
            long received = sizeOf(incomplete);
            if (size != null && received != size) {
                throw new IllegalStateException(
                        "The document %s has %d bytes instead of %d".formatted(uri, received, size));
            }
            Files.move(incomplete, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        } finally {
            incomplete.toFile().delete();
        }
    }

    private static long sizeOf(Path file) {
        try {
            return Files.size(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
