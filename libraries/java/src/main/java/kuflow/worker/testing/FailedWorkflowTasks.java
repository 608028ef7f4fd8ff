package kuflow.worker.testing;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.MethodDescriptor;
import io.temporal.api.failure.v1.Failure;
import io.temporal.api.workflowservice.v1.RespondWorkflowTaskFailedRequest;
import java.util.concurrent.CompletableFuture;
import kuflow.worker.internal.Payloads;

/** Notices when the worker reports a failed workflow task. */
final class FailedWorkflowTasks implements ClientInterceptor {

    private final CompletableFuture<Throwable> first = new CompletableFuture<>();

    /** The failure of the first workflow task that fails. */
    CompletableFuture<Throwable> first() {
        return first;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void sendMessage(Q message) {
                if (message instanceof RespondWorkflowTaskFailedRequest request) {
                    first.complete(Payloads.PLAIN.failureToException(rootCause(request.getFailure())));
                }
                super.sendMessage(message);
            }
        };
    }

    /** Temporal wraps the exceptions of workflow code. */
    private static Failure rootCause(Failure failure) {
        return failure.hasCause() ? rootCause(failure.getCause()) : failure;
    }
}
