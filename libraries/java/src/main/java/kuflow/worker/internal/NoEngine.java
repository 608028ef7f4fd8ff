package kuflow.worker.internal;

import io.grpc.stub.StreamObserver;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse.Capabilities;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc.WorkflowServiceImplBase;

/**
 * Answers the calls to the engine in a replay. Temporal's SDK only asks for the capabilities of the engine: without {@code sdkMetadata}, it
 * would ignore the SDK flags in a history.
 */
final class NoEngine extends WorkflowServiceImplBase {

    @Override
    public void getSystemInfo(GetSystemInfoRequest request, StreamObserver<GetSystemInfoResponse> response) {
        response.onNext(GetSystemInfoResponse.newBuilder()
                .setCapabilities(Capabilities.newBuilder()
                        .setSignalAndQueryHeader(true)
                        .setInternalErrorDifferentiation(true)
                        .setActivityFailureIncludeHeartbeat(true)
                        .setEncodedFailureAttributes(true)
                        .setSdkMetadata(true))
                .build());
        response.onCompleted();
    }
}
