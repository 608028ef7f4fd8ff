package com.example.worker.kuflow.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.worker.kuflow.engine.EngineIdentity.Source;
import com.example.worker.kuflow.settings.Secret;
import com.example.worker.kuflow.settings.SettingsLoader;
import com.example.worker.kuflow.settings.TestAuthority;
import com.example.worker.kuflow.settings.TestAuthority.Pair;
import com.uber.m3.tally.NoopScope;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.stub.StreamObserver;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.api.workflowservice.v1.DescribeNamespaceResponse;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc.WorkflowServiceImplBase;
import io.temporal.common.converter.DefaultDataConverter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("the connection to the engine")
class EngineConnectionTest {

    private static final TestAuthority AUTHORITY = new TestAuthority("Test CA");
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private Status answer = Status.OK;
    private final Server engine = startEngine();

    @TempDir
    Path directory;

    @AfterEach
    void stop() throws InterruptedException {
        engine.shutdownNow().awaitTermination();
    }

    @Test
    @DisplayName("sends token, namespace and certificate, and moves to another certificate for the next call")
    void replacement() {
        try (EngineConnection connection = connect(AUTHORITY.issue("first"), AUTHORITY.cert())) {
            connection.describeNamespace(DEADLINE);
            connection.replaceIdentity(identity(AUTHORITY.issue("second"), AUTHORITY.cert()));
            connection.describeNamespace(DEADLINE);
        }
        assertThat(calls)
                .containsExactly(
                        "GetSystemInfo CN=first Bearer the-token null",
                        "DescribeNamespace CN=first Bearer the-token tenant-1",
                        "GetSystemInfo CN=second Bearer the-token null",
                        "DescribeNamespace CN=second Bearer the-token tenant-1");
    }

    @Test
    @DisplayName("keeps its certificate if the engine does not accept another one")
    void unacceptable() {
        Pair unknown = new TestAuthority("Other CA").issue("unknown");
        try (EngineConnection connection = connect(AUTHORITY.issue("first"), AUTHORITY.cert())) {
            assertThatThrownBy(() -> connection.replaceIdentity(identity(unknown, AUTHORITY.cert())))
                    .isInstanceOf(EngineConnectException.class);
            assertThat(connection.describeNamespace(DEADLINE)).isEmpty();
        }
        assertThat(calls).last().asString().startsWith("DescribeNamespace CN=first");
    }

    @Test
    @DisplayName("trusts every certificate in the CA, and no other engine")
    void authorities() {
        String other = new TestAuthority("Other CA").cert();
        connect(AUTHORITY.issue("first"), other + AUTHORITY.cert()).close();
        assertThatThrownBy(() -> connect(AUTHORITY.issue("first"), other))
                .hasMessage("localhost:" + engine.getPort() + " does not accept connections (GetSystemInfo)")
                .hasStackTraceContaining("unable to find valid certification path");
    }

    @Test
    @DisplayName("reports that the engine restricts a call")
    void restriction() {
        try (EngineConnection connection = connect(AUTHORITY.issue("first"), AUTHORITY.cert())) {
            answer = Status.PERMISSION_DENIED;
            assertThat(connection.describeNamespace(DEADLINE)).contains("PERMISSION_DENIED");
            answer = Status.NOT_FOUND;
            assertThatThrownBy(() -> connection.describeNamespace(DEADLINE)).hasMessage("NOT_FOUND");
        }
    }

    private EngineConnection connect(Pair pair, String ca) {
        Map<String, String> environment = Map.of(
                "KUFLOW_API_CLIENTID", "11111111-2222-4333-8444-555555555555",
                "KUFLOW_API_CLIENTSECRET", "secret",
                "TEMPORAL_KUFLOWQUEUE", "QUEUE",
                "TEMPORAL_TARGET", "localhost:" + engine.getPort(),
                "TEMPORAL_MUTUALTLS_SERVERNAME", "engine.test");
        return new EngineConnection(
                SettingsLoader.load(directory, environment),
                identity(pair, ca),
                () -> "Bearer the-token",
                "1@host",
                DefaultDataConverter.STANDARD_INSTANCE,
                new NoopScope());
    }

    private static EngineIdentity identity(Pair pair, String ca) {
        return EngineIdentity.of(Source.API, "tenant-1", pair.cert(), Secret.of(pair.key()), ca, Instant.now());
    }

    /** An engine with mutual TLS that records its calls. */
    private Server startEngine() {
        Pair pair = AUTHORITY.issue("engine.test");
        try {
            return Grpc.newServerBuilderForPort(
                            0,
                            TlsServerCredentials.newBuilder()
                                    .keyManager(bytes(pair.cert()), bytes(pair.key()))
                                    .trustManager(bytes(AUTHORITY.cert()))
                                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                                    .build())
                    .intercept(new Recorder())
                    .addService(new Engine())
                    .build()
                    .start();
        } catch (IOException unavailable) {
            throw new UncheckedIOException(unavailable);
        }
    }

    private static InputStream bytes(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }

    private final class Engine extends WorkflowServiceImplBase {

        @Override
        public void getSystemInfo(GetSystemInfoRequest request, StreamObserver<GetSystemInfoResponse> response) {
            response.onNext(GetSystemInfoResponse.getDefaultInstance());
            response.onCompleted();
        }

        @Override
        public void describeNamespace(
                DescribeNamespaceRequest request, StreamObserver<DescribeNamespaceResponse> response) {
            if (!answer.isOk()) {
                response.onError(answer.asRuntimeException());
                return;
            }
            response.onNext(DescribeNamespaceResponse.getDefaultInstance());
            response.onCompleted();
        }
    }

    private final class Recorder implements ServerInterceptor {

        @Override
        public <Q, S> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
            try {
                String client = call.getAttributes()
                        .get(Grpc.TRANSPORT_ATTR_SSL_SESSION)
                        .getPeerPrincipal()
                        .getName();
                String name = call.getMethodDescriptor().getBareMethodName();
                calls.add(String.join(
                        " ", name, client, header(headers, "authorization"), header(headers, "temporal-namespace")));
            } catch (SSLPeerUnverifiedException impossible) {
                throw new IllegalStateException(impossible);
            }
            return next.startCall(call, headers);
        }

        private static String header(Metadata headers, String name) {
            return String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
        }
    }
}
