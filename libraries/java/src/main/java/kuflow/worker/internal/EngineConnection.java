package kuflow.worker.internal;

import com.uber.m3.tally.Scope;
import io.grpc.HttpConnectProxiedSocketAddress;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ProxyDetector;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.authorization.AuthorizationGrpcMetadataProvider;
import io.temporal.authorization.AuthorizationTokenSupplier;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.common.converter.DataConverter;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The connection to KuFlow's engine with mutual TLS. Its identity can be replaced while it is in use. */
final class EngineConnection implements AutoCloseable {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

    /** The engine does not accept a connection. The cause is the failed call. */
    static final class EngineConnectException extends RuntimeException {

        private static final long serialVersionUID = 1L;

        EngineConnectException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final WorkerSettings settings;
    private final AuthorizationTokenSupplier tokens;
    private final EngineTls tls;
    private final WorkflowServiceStubs stubs;
    private final WorkflowClient client;

    /**
     * Connects to the engine.
     *
     * @param name the name of this worker in the engine
     * @throws EngineConnectException if the engine does not accept the connection within 20 seconds
     */
    EngineConnection(
            WorkerSettings settings,
            EngineIdentity identity,
            AuthorizationTokenSupplier tokens,
            String name,
            DataConverter converter,
            Scope metrics) {
        this.settings = settings;
        this.tokens = tokens;
        this.tls = new EngineTls(identity);
        this.stubs = connect(tls, metrics);
        // The client adds the header temporal-namespace to each call. The engine rejects calls that have it twice.
        this.client = WorkflowClient.newInstance(
                stubs,
                WorkflowClientOptions.newBuilder()
                        .setNamespace(identity.namespace())
                        .setIdentity(name)
                        .setDataConverter(converter)
                        .setContextPropagators(List.of(new StartHeader()))
                        .build());
    }

    /** The name of this worker in the engine. */
    static String clientName() {
        return ProcessHandle.current().pid() + "@" + Registration.hostname() + " " + UserAgent.value();
    }

    WorkflowClient client() {
        return client;
    }

    /**
     * Uses another identity for new calls, if the engine accepts it. Calls in progress end on the old connection.
     *
     * @throws EngineConnectException if the engine does not accept a connection with the other identity
     */
    void replaceIdentity(EngineIdentity next) {
        connect(new EngineTls(next), stubs.getOptions().getMetricsScope()).shutdownNow();
        tls.replace(next);
        stubs.getRawChannel().enterIdle();
    }

    /**
     * Asks the engine for the namespace of this worker. Returns its status if the engine does not allow that.
     *
     * @throws StatusRuntimeException if there is no answer
     */
    Optional<String> describeNamespace(Duration deadline) {
        DescribeNamespaceRequest request = DescribeNamespaceRequest.newBuilder()
                .setNamespace(client.getOptions().getNamespace())
                .build();
        try {
            client.getWorkflowServiceStubs()
                    .blockingStub()
                    .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
                    .describeNamespace(request);
            return Optional.empty();
        } catch (StatusRuntimeException error) {
            Status.Code code = error.getStatus().getCode();
            if (code != Status.Code.PERMISSION_DENIED && code != Status.Code.UNIMPLEMENTED) {
                throw error;
            }
            return Optional.of(code.name());
        }
    }

    @Override
    public void close() {
        stubs.shutdownNow();
        stubs.awaitTermination(5, TimeUnit.SECONDS);
    }

    private WorkflowServiceStubs connect(EngineTls identity, Scope metrics) {
        WorkflowServiceStubs connected = WorkflowServiceStubs.newServiceStubs(WorkflowServiceStubsOptions.newBuilder()
                .setTarget(settings.temporal().target())
                .setSslContext(identity.sslContext())
                .addGrpcMetadataProvider(new AuthorizationGrpcMetadataProvider(tokens))
                .setChannelInitializer(this::configure)
                .setMetricsScope(metrics)
                .build());
        try {
            // Fails at once if the engine cannot be reached, unlike connect() of the SDK.
            connected
                    .blockingStub()
                    .withDeadlineAfter(CONNECT_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
                    .getSystemInfo(GetSystemInfoRequest.getDefaultInstance());
            return connected;
        } catch (StatusRuntimeException failed) {
            connected.shutdownNow();
            throw new EngineConnectException(
                    settings.temporal().target() + " does not accept connections (GetSystemInfo)", failed);
        }
    }

    private void configure(ManagedChannelBuilder<?> channel) {
        String serverName = settings.temporal().mutualTls().serverName();
        if (serverName != null) {
            channel.overrideAuthority(serverName);
        }
        // Without a detector, gRPC would use the proxy properties of the JVM.
        channel.proxyDetector(proxyDetector());
    }

    private ProxyDetector proxyDetector() {
        Optional<HttpProxy> proxy = proxyFor(settings);
        return target -> {
            if (proxy.isEmpty() || !(target instanceof InetSocketAddress address)) {
                return null;
            }
            Secret password = proxy.get().password();
            return HttpConnectProxiedSocketAddress.newBuilder()
                    .setProxyAddress(proxy.get().address())
                    .setTargetAddress(address)
                    .setUsername(proxy.get().user())
                    .setPassword(password == null ? null : password.reveal())
                    .build();
        };
    }

    static Optional<HttpProxy> proxyFor(WorkerSettings settings) {
        String target = settings.temporal().target();
        int colon = target.lastIndexOf(':');
        return HttpProxy.forHost(settings, target.substring(0, colon), Integer.parseInt(target.substring(colon + 1)));
    }
}
