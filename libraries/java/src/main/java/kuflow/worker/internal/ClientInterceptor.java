package kuflow.worker.internal;

import io.temporal.common.interceptors.WorkflowClientCallsInterceptor;
import io.temporal.common.interceptors.WorkflowClientCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowClientInterceptorBase;
import org.jspecify.annotations.Nullable;

/** Starts and signals workflows as KuFlow does, for tests. */
public final class ClientInterceptor extends WorkflowClientInterceptorBase {

    private final @Nullable String keyId;

    /** @param keyId set for a confidential process */
    public ClientInterceptor(@Nullable String keyId) {
        this.keyId = keyId;
    }

    @Override
    public WorkflowClientCallsInterceptor workflowClientCallsInterceptor(WorkflowClientCallsInterceptor next) {
        return new WorkflowClientCallsInterceptorBase(next) {

            @Override
            public WorkflowStartOutput start(WorkflowStartInput input) {
                return super.start(new WorkflowStartInput(
                        input.getWorkflowId(),
                        input.getWorkflowType(),
                        Encryption.withKey(input.getHeader(), keyId),
                        Encryption.markAll(input.getArguments(), keyId),
                        input.getOptions()));
            }

            @Override
            public WorkflowSignalOutput signal(WorkflowSignalInput input) {
                return super.signal(new WorkflowSignalInput(
                        input.getWorkflowExecution(),
                        input.getSignalName(),
                        Encryption.withKey(input.getHeader(), keyId),
                        Encryption.markAll(input.getArguments(), keyId)));
            }
        };
    }
}
