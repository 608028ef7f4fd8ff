package kuflow.worker.internal.replay;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse.Capabilities;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc;
import org.jspecify.annotations.Nullable;

/**
 * Answers the calls to the engine in a replay. Temporal's SDK only asks for the capabilities of the engine: without {@code sdkMetadata}, it
 * would ignore the SDK flags in a history.
 */
final class NoEngine implements ClientInterceptor {

    private static final GetSystemInfoResponse SYSTEM_INFO = GetSystemInfoResponse.newBuilder()
            .setCapabilities(Capabilities.newBuilder()
                    .setSignalAndQueryHeader(true)
                    .setInternalErrorDifferentiation(true)
                    .setActivityFailureIncludeHeartbeat(true)
                    .setEncodedFailureAttributes(true)
                    .setSdkMetadata(true))
            .build();

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        boolean isSystemInfo = method.getFullMethodName()
                .equals(WorkflowServiceGrpc.getGetSystemInfoMethod().getFullMethodName());
        return new ClientCall<>() {

            private @Nullable Listener<R> listener;

            @Override
            public void start(Listener<R> responses, Metadata headers) {
                listener = responses;
            }

            @Override
            @SuppressWarnings("unchecked")
            public void halfClose() {
                Listener<R> responses = listener;
                if (responses == null) {
                    throw new IllegalStateException("The call was not started");
                }
                if (isSystemInfo) {
                    responses.onHeaders(new Metadata());
                    responses.onMessage((R) SYSTEM_INFO);
                }
                responses.onClose(isSystemInfo ? Status.OK : Status.UNIMPLEMENTED, new Metadata());
            }

            @Override
            public void request(int messages) {}

            @Override
            public void cancel(@Nullable String message, @Nullable Throwable cause) {}

            @Override
            public void sendMessage(Q message) {}
        };
    }
}
