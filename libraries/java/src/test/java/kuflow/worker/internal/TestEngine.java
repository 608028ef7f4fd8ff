package kuflow.worker.internal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.BindableService;
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
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SSLPeerUnverifiedException;
import kuflow.worker.internal.TestAuthority.Pair;

/** An engine on the loopback interface, with mutual TLS, that answers two calls and records them. */
public final class TestEngine implements AutoCloseable {

    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final Server server;
    private volatile Status getSystemInfo = Status.OK;
    private volatile Status describeNamespace = Status.OK;

    /** @param authority issues the certificate of the engine, and is trusted for clients */
    public TestEngine(TestAuthority authority, String host) {
        this(authority, host, List.of());
    }

    /** @param services answer the calls instead */
    public TestEngine(TestAuthority authority, String host, List<BindableService> services) {
        Pair pair = authority.issue(host);
        try {
            server = Grpc.newServerBuilderForPort(
                            0,
                            TlsServerCredentials.newBuilder()
                                    .keyManager(stream(pair.cert()), stream(pair.key()))
                                    .trustManager(stream(authority.cert()))
                                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                                    .build())
                    .intercept(new Recorder())
                    .addServices((services.isEmpty() ? List.of(new Service()) : services)
                            .stream().map(BindableService::bindService).toList())
                    .build()
                    .start();
        } catch (IOException unavailable) {
            throw new UncheckedIOException(unavailable);
        }
    }

    public int port() {
        return server.getPort();
    }

    /** For each call its name, the subject of the client certificate, the token and the namespace. */
    List<String> calls() {
        return calls;
    }

    void getSystemInfo(Status answer) {
        getSystemInfo = answer;
    }

    void describeNamespace(Status answer) {
        describeNamespace = answer;
    }

    @Override
    public void close() {
        server.shutdownNow();
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }

    private final class Service extends WorkflowServiceImplBase {

        @Override
        public void getSystemInfo(GetSystemInfoRequest request, StreamObserver<GetSystemInfoResponse> response) {
            respond(getSystemInfo, GetSystemInfoResponse.getDefaultInstance(), response);
        }

        @Override
        public void describeNamespace(
                DescribeNamespaceRequest request, StreamObserver<DescribeNamespaceResponse> response) {
            respond(describeNamespace, DescribeNamespaceResponse.getDefaultInstance(), response);
        }

        private static <T> void respond(Status status, T answer, StreamObserver<T> response) {
            if (!status.isOk()) {
                response.onError(status.asRuntimeException());
                return;
            }
            response.onNext(answer);
            response.onCompleted();
        }
    }

    private final class Recorder implements ServerInterceptor {

        @Override
        public <Q, S> ServerCall.Listener<Q> interceptCall(
                ServerCall<Q, S> call, Metadata headers, ServerCallHandler<Q, S> next) {
            calls.add("%s %s %s %s"
                    .formatted(
                            call.getMethodDescriptor().getBareMethodName(),
                            clientOf(call),
                            header(headers, "authorization"),
                            header(headers, "temporal-namespace")));
            return next.startCall(call, headers);
        }

        private static String clientOf(ServerCall<?, ?> call) {
            try {
                return call.getAttributes()
                        .get(Grpc.TRANSPORT_ATTR_SSL_SESSION)
                        .getPeerPrincipal()
                        .getName();
            } catch (SSLPeerUnverifiedException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private static String header(Metadata headers, String name) {
            return String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
        }
    }
}
