package kuflow.worker;

import static java.util.concurrent.TimeUnit.SECONDS;
import static kuflow.worker.internal.LoopbackServer.responds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowOptions;
import io.temporal.internal.testservice.TestServicesStarter;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.logging.LogManager;
import javax.crypto.spec.SecretKeySpec;
import kuflow.worker.internal.ClientInterceptor;
import kuflow.worker.internal.LoopbackServer;
import kuflow.worker.internal.Payloads;
import kuflow.worker.internal.SettingsLoader;
import kuflow.worker.internal.StartStage;
import kuflow.worker.internal.TestAuthority;
import kuflow.worker.internal.TestEngine;
import kuflow.worker.internal.WorkerReadiness;
import kuflow.worker.internal.WorkerSettings;
import kuflow.worker.project.Project;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ConfigurableApplicationContext;

@DisplayName("a project")
@Timeout(120)
class ExtensionsTest {

    /** Its levels would apply to the other tests in this JVM too. */
    @BeforeAll
    static void keepLog() {
        System.setProperty(LoggingSystem.SYSTEM_PROPERTY, LoggingSystem.NONE);
        LogManager.getLogManager().reset();
    }

    @AfterAll
    static void restoreLog() {
        System.clearProperty(LoggingSystem.SYSTEM_PROPERTY);
    }

    @Test
    @DisplayName("has its own settings, interceptors, and resources that are closed after the last activity")
    void extensions(@TempDir Path directory) throws Exception {
        TestAuthority authority = new TestAuthority("Test CA");
        String name = UUID.randomUUID().toString();
        try (LoopbackServer kuflow = new LoopbackServer();
                TestServicesStarter temporal = new TestServicesStarter(false, 0);
                TestEngine engine = new TestEngine(authority, "localhost", temporal.getServices())) {
            kuflow.on("POST /authentications", responds(200, "{\"engineToken\": {\"token\": \"the-token\"}}"));
            kuflow.on("POST /workers", responds(201, "{}"));
            String key = Base64.getEncoder().encodeToString(new byte[32]);
            kuflow.on("GET /kms/keys/key-1", exchange -> {
                // Longer than Temporal lets workflow code wait by default.
                LockSupport.parkNanos(SECONDS.toNanos(2));
                responds(200, "{\"value\": \"%s\"}".formatted(key)).handle(exchange);
            });
            Files.writeString(directory.resolve("application.yaml"), """
                    kuflow.api: { endpoint: '%s', client-id: %s, client-secret: secret }
                    temporal: { target: 'localhost:%d', namespace: tenant-1, kuflow-queue: Q }
                    worker: { health-port: 0, metrics-port: 0 }
                    """.formatted(
                            kuflow.endpoint(), UUID.randomUUID(), engine.port()));
            Files.writeString(
                    directory.resolve("application-local.yaml"), "app.ledger: { url: 'ledger:1', patience: 5s }");
            TestAuthority.Pair pair = authority.issue("worker");
            WorkerSettings settings = SettingsLoader.load(
                    directory,
                    Map.of(
                            "TEMPORAL_MUTUALTLS_CERTDATA", pair.cert(),
                            "TEMPORAL_MUTUALTLS_KEYDATA", pair.key(),
                            "TEMPORAL_MUTUALTLS_CADATA", authority.cert()));
            ConfigurableApplicationContext worker = KuFlowWorker.applicationOf(
                            Project.class, settings, new StartStage(), false)
                    .run(
                            "--spring.config.location=file:" + directory + "/",
                            "--spring.config.additional-location=file:" + directory + "/application-local.yaml");
            assertThat(worker.getBean(Project.OwnSettings.class).patience()).isEqualTo(Duration.ofSeconds(5));

            Server server = InProcessServerBuilder.forName(name)
                    .addServices(temporal.getServices().stream()
                            .map(service -> service.bindService())
                            .toList())
                    .build()
                    .start();
            ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
            WorkflowClient client = startWorkflow(channel);
            CompletableFuture<Void> closing;
            try {
                assertThat(Project.WORKING.await(60, SECONDS)).isTrue();
                closing = CompletableFuture.runAsync(worker::close);
                WorkerReadiness readiness = worker.getBean(WorkerReadiness.class);
                await().atMost(Duration.ofSeconds(60)).until(() -> "draining".equals(readiness.notReady()));
            } finally {
                Project.GOING_ON.countDown();
            }
            closing.get(60, SECONDS);
            assertThat(Project.EVENTS).containsExactly("opened", "workflow", "activity", "booked", "closed");
            // The process is confidential.
            assertThat(kuflow.calls()).contains("GET /kms/keys/key-1");
            assertThat(client.fetchHistory("booking").getHistory().toString())
                    .contains("AES-256-GCM:")
                    .doesNotContain("ledger:1", "account-1", "Potential deadlock");
            channel.shutdownNow();
            server.shutdownNow();
        }
    }

    private static WorkflowClient startWorkflow(ManagedChannel channel) {
        WorkflowClient client = WorkflowClient.newInstance(
                WorkflowServiceStubs.newServiceStubs(WorkflowServiceStubsOptions.newBuilder()
                        .setChannel(channel)
                        .build()),
                WorkflowClientOptions.newBuilder()
                        .setNamespace("tenant-1")
                        .setDataConverter(Payloads.converter(10_000, id -> new SecretKeySpec(new byte[32], "AES")))
                        .setInterceptors(new ClientInterceptor("key-1"))
                        .build());
        client.newUntypedWorkflowStub(
                        "BookingWorkflow",
                        WorkflowOptions.newBuilder()
                                .setWorkflowId("booking")
                                .setTaskQueue("Q")
                                .build())
                .start("account-1");
        return client;
    }
}
