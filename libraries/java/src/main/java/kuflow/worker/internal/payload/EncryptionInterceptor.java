package kuflow.worker.internal.payload;

import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ManualActivityCompletionClient;
import io.temporal.common.interceptors.ActivityExecutionContextBase;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptorBase;
import org.jspecify.annotations.Nullable;

/**
 * Marks what confidential processes and their activities send. It must be the last interceptor, so that others see values and not
 * marked payloads.
 */
public final class EncryptionInterceptor extends WorkerInterceptorBase {

    @Override
    public WorkflowInboundCallsInterceptor interceptWorkflow(WorkflowInboundCallsInterceptor next) {
        return new Workflow(next);
    }

    @Override
    public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
        return new Activity(next);
    }

    private static final class Workflow extends WorkflowInboundCallsInterceptorBase {

        private @Nullable String keyId;

        Workflow(WorkflowInboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public void init(WorkflowOutboundCallsInterceptor outboundCalls) {
            keyId = Encryption.keyIdOf(StartHeader.current());
            super.init(keyId == null ? outboundCalls : new Outbound(outboundCalls, keyId));
        }

        @Override
        public WorkflowOutput execute(WorkflowInput input) {
            return new WorkflowOutput(Encryption.mark(super.execute(input).getResult(), keyId));
        }

        @Override
        public QueryOutput handleQuery(QueryInput input) {
            return new QueryOutput(Encryption.mark(super.handleQuery(input).getResult(), keyId));
        }

        @Override
        public UpdateOutput executeUpdate(UpdateInput input) {
            return new UpdateOutput(Encryption.mark(super.executeUpdate(input).getResult(), keyId));
        }
    }

    private static final class Outbound extends WorkflowOutboundCallsInterceptorBase {

        private final String keyId;

        Outbound(WorkflowOutboundCallsInterceptor next, String keyId) {
            super(next);
            this.keyId = keyId;
        }

        @Override
        public <R> ActivityOutput<R> executeActivity(ActivityInput<R> input) {
            return super.executeActivity(new ActivityInput<>(
                    input.getActivityName(),
                    input.getResultClass(),
                    input.getResultType(),
                    Encryption.markAll(input.getArgs(), keyId),
                    input.getOptions(),
                    Encryption.withKey(input.getHeader(), keyId)));
        }

        @Override
        public <R> LocalActivityOutput<R> executeLocalActivity(LocalActivityInput<R> input) {
            return super.executeLocalActivity(new LocalActivityInput<>(
                    input.getActivityName(),
                    input.getResultClass(),
                    input.getResultType(),
                    Encryption.markAll(input.getArgs(), keyId),
                    input.getOptions(),
                    Encryption.withKey(input.getHeader(), keyId)));
        }

        @Override
        public <R> ChildWorkflowOutput<R> executeChildWorkflow(ChildWorkflowInput<R> input) {
            return super.executeChildWorkflow(new ChildWorkflowInput<>(
                    input.getWorkflowId(),
                    input.getWorkflowType(),
                    input.getResultClass(),
                    input.getResultType(),
                    Encryption.markAll(input.getArgs(), keyId),
                    input.getOptions(),
                    Encryption.withKey(input.getHeader(), keyId)));
        }

        @Override
        public SignalExternalOutput signalExternalWorkflow(SignalExternalInput input) {
            return super.signalExternalWorkflow(new SignalExternalInput(
                    input.getExecution(),
                    input.getSignalName(),
                    Encryption.withKey(input.getHeader(), keyId),
                    Encryption.markAll(input.getArgs(), keyId)));
        }

        @Override
        public void continueAsNew(ContinueAsNewInput input) {
            super.continueAsNew(new ContinueAsNewInput(
                    input.getWorkflowType(),
                    input.getOptions(),
                    Encryption.markAll(input.getArgs(), keyId),
                    Encryption.withKey(input.getHeader(), keyId)));
        }
    }

    private static final class Activity extends ActivityInboundCallsInterceptorBase {

        private @Nullable String keyId;

        Activity(ActivityInboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public void init(ActivityExecutionContext context) {
            super.init(new ActivityExecutionContextBase(context) {

                @Override
                public void doNotCompleteOnReturn() {
                    requireResult();
                    super.doNotCompleteOnReturn();
                }

                @Override
                public ManualActivityCompletionClient useLocalManualCompletion() {
                    requireResult();
                    return super.useLocalManualCompletion();
                }
            });
        }

        @Override
        public ActivityOutput execute(ActivityInput input) {
            keyId = Encryption.keyIdOf(input.getHeader());
            return new ActivityOutput(Encryption.mark(super.execute(input).getResult(), keyId));
        }

        /** Nothing would encrypt the result of an activity that other code completes later. */
        private void requireResult() {
            if (keyId != null) {
                throw new IllegalStateException(
                        "An activity of a confidential process must return its result. It cannot be completed later");
            }
        }
    }
}
