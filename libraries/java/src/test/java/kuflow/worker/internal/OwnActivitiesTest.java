package kuflow.worker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.temporal.failure.ApplicationFailure;
import io.temporal.failure.CanceledFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import kuflow.worker.Documents;
import kuflow.worker.RestError;
import kuflow.worker.model.KuFlowFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The KuFlow client of own activities")
@Timeout(30)
class OwnActivitiesTest {

    private static final UUID ID = UUID.fromString("22222222-2222-4333-8444-555555555555");
    private static final String URI = "ku:process/" + ID + "/document/1";
    private static final String UPLOAD = "POST /processes/" + ID + "/~actions/upload-document";
    private static final String DOWNLOAD = "GET /processes/" + ID + "/~actions/download-document";

    @TempDir
    private Path folder;

    private final LoopbackServer server = new LoopbackServer();
    private final ActivityEnvironment environment = new ActivityEnvironment(server.endpoint());

    @AfterEach
    void close() {
        environment.close();
        server.close();
    }

    @Test
    @DisplayName("has the worker's credentials, retries a call once, and throws errors with a status")
    void client() {
        server.on("GET /processes/" + ID, responds(503, ""));
        String status = environment.archive(kuflow -> {
            try {
                return kuflow.retrieveProcess(ID).state();
            } catch (RestError error) {
                return error.status().orElse(0);
            }
        });
        assertThat(status).isEqualTo("503");
        String credentials = TestSettings.APPLICATION_ID + ":secret";
        assertThat(server.requests())
                .hasSize(2)
                .extracting(LoopbackServer.Request::authorization)
                .containsOnly("Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8)));
    }

    @Test
    @DisplayName("fails an activity that does not catch its error, as KuFlow's activities do")
    void failures() {
        assertThatThrownBy(() -> environment.archive(kuflow -> kuflow.retrieveProcess(ID)))
                .cause()
                .isInstanceOfSatisfying(
                        ApplicationFailure.class,
                        failure -> assertThat(failure.getType()).isEqualTo("KuFlowActivities.RestFailure"));
    }

    @Test
    @DisplayName("uploads the content of a file, and returns the document")
    void upload() throws IOException {
        Path file = Files.writeString(folder.resolve("report.pdf"), "content");
        server.on(UPLOAD, responds(200, "{\"documentUri\": \"kuflow-file:uri=x;\"}"));
        String uploaded =
                environment.archive(kuflow -> kuflow.documents().upload(file, ID, "the report.pdf", "application/pdf"));
        assertThat(uploaded).isEqualTo("kuflow-file:uri=x;");
        assertThat(server.requests()).singleElement().satisfies(request -> {
            assertThat(request.call()).isEqualTo(UPLOAD + "?fileName=the+report.pdf&fileContentType=application%2Fpdf");
            assertThat(request.contentType()).isEqualTo("application/octet-stream");
            assertThat(request.body()).isEqualTo("content");
        });
    }

    @Test
    @DisplayName("does not upload an empty file or retry an upload")
    void uploadOnce() throws IOException {
        Path file = Files.createFile(folder.resolve("report.pdf"));
        assertThatThrownBy(() -> transfer(documents -> documents.upload(file, ID)))
                .hasStackTraceContaining("report.pdf is empty: KuFlow does not accept empty documents");
        assertThat(server.calls()).isEmpty();
        Files.writeString(file, "content");
        server.on(UPLOAD, responds(503, ""));
        assertThatThrownBy(() -> transfer(documents -> documents.upload(file, ID)))
                .hasStackTraceContaining("503");
        assertThat(server.calls()).hasSize(1);
    }

    @Test
    @DisplayName("leaves no file when a download is cut or has another size")
    void incompleteDownloads() throws IOException {
        Path file = folder.resolve("report.pdf");
        server.on(DOWNLOAD, exchange -> {
            exchange.sendResponseHeaders(200, 100);
            exchange.getResponseBody().write("half".getBytes(UTF_8));
            exchange.getResponseBody().flush();
        });
        assertThatThrownBy(() -> transfer(documents -> documents.download(URI, file)))
                .hasStackTraceContaining("no response");
        server.on(DOWNLOAD, responds(200, "half"));
        KuFlowFile other = KuFlowFile.of(URI, "text/plain", 100, "a.txt");
        assertThatThrownBy(() -> transfer(documents -> documents.download(other, file)))
                .hasStackTraceContaining("The document " + URI + " has 4 bytes instead of 100");
        assertThat(folder).isEmptyDirectory();

        Files.writeString(folder.resolve("report.pdf.incomplete"), "left by a worker that was killed");
        transfer(documents -> documents.download(KuFlowFile.of(URI, "text/plain", 4, "a.txt"), file));
        assertThat(folder).isDirectoryNotContaining("glob:**.incomplete");
        assertThat(file).hasContent("half");
    }

    @Test
    @DisplayName("follows only the URIs of documents")
    void otherUris() {
        assertThatThrownBy(() -> transfer(documents -> documents.download("https://example.com/", folder.resolve("x"))))
                .hasStackTraceContaining("is not the URI of a document");
        assertThat(server.calls()).isEmpty();
    }

    @Test
    @DisplayName("sends heartbeats during a transfer, and ends it when the activity is canceled")
    void heartbeats() throws Exception {
        Path file = Files.writeString(folder.resolve("report.pdf"), "content");
        CompletableFuture<String> heartbeat = new CompletableFuture<>();
        try (SilentServer silent = new SilentServer();
                ActivityEnvironment canceled = new ActivityEnvironment(silent.endpoint())) {
            canceled.temporal().setHeartbeatDetails("half done");
            canceled.temporal().setActivityHeartbeatListener(String.class, heartbeat::complete);
            CompletableFuture<?> run = CompletableFuture.runAsync(
                    () -> canceled.archive(kuflow -> kuflow.documents().upload(file, ID)));
            // The activity's own progress is not lost.
            assertThat(heartbeat.get(10, SECONDS)).isEqualTo("half done");
            canceled.cancel();
            silent.disconnected().get(10, SECONDS);
            assertThatThrownBy(() -> run.get(10, SECONDS)).hasRootCauseInstanceOf(CanceledFailure.class);
        }
    }

    private void transfer(Consumer<Documents> work) {
        environment.archive(kuflow -> {
            work.accept(kuflow.documents());
            return "done";
        });
    }
}
