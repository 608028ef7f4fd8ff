package kuflow.worker.internal;

import io.temporal.activity.ActivityExecutionContext;
import io.temporal.activity.ManualActivityCompletionClient;
import io.temporal.common.interceptors.ActivityExecutionContextBase;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.Header;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptorBase;
import io.temporal.failure.ApplicationFailure;
import java.util.Map;
import java.util.function.Supplier;
import kuflow.worker.workflow.CallRejected;
import kuflow.worker.workflow.TaskCancelled;
import org.jspecify.annotations.Nullable;

/**
 * Passes the item of workflow code, and whether rejected calls fail, to its activities and threads. Marks what confidential processes and
 * their activities send. It must be the last interceptor, so that others see values and not marked payloads.
 */
public final class KuFlowInterceptor extends WorkerInterceptorBase {

    /** Loads the operations here, because workflow code must not take long. */
    public KuFlowInterceptor() {
        OperationCall.load();
    }

    @Override
    public WorkflowInboundCallsInterceptor interceptWorkflow(WorkflowInboundCallsInterceptor next) {
        return new Inbound(next);
    }

    @Override
    public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
        return new Activity(next);
    }

    private static final class Inbound extends WorkflowInboundCallsInterceptorBase {

        private @Nullable String keyId;

        Inbound(WorkflowInboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public void init(WorkflowOutboundCallsInterceptor outboundCalls) {
            keyId = Encryption.keyIdOf(StartHeader.current());
            super.init(new Outbound(outboundCalls, keyId));
        }

        @Override
        public WorkflowOutput execute(WorkflowInput input) {
            try {
                return new WorkflowOutput(Encryption.mark(super.execute(input).getResult(), keyId));
            } catch (TaskCancelled canceled) {
                throw toFailure(canceled);
            } catch (CallRejected rejected) {
                throw Rejections.toFailure(rejected, null);
            }
        }

        @Override
        public void handleSignal(SignalInput input) {
            try {
                super.handleSignal(input);
            } catch (TaskCancelled canceled) {
                throw toFailure(canceled);
            } catch (CallRejected rejected) {
                throw Rejections.toFailure(rejected, null);
            }
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

        private final @Nullable String keyId;

        Outbound(WorkflowOutboundCallsInterceptor next, @Nullable String keyId) {
            super(next);
            this.keyId = keyId;
        }

        @Override
        public <R> ActivityOutput<R> executeActivity(ActivityInput<R> input) {
            boolean failsOnRejection = Rejections.areFailing();
            Header header = withItem(input.getHeader());
            ActivityOutput<R> output = super.executeActivity(new ActivityInput<>(
                    input.getActivityName(),
                    input.getResultClass(),
                    input.getResultType(),
                    Encryption.markAll(input.getArgs(), keyId),
                    input.getOptions(),
                    Encryption.withKey(failsOnRejection ? Rejections.withRejections(header) : header, keyId)));
            return failsOnRejection
                    ? new ActivityOutput<>(output.getActivityId(), Rejections.catchable(output.getResult()))
                    : output;
        }

        @Override
        public <R> LocalActivityOutput<R> executeLocalActivity(LocalActivityInput<R> input) {
            return super.executeLocalActivity(new LocalActivityInput<>(
                    input.getActivityName(),
                    input.getResultClass(),
                    input.getResultType(),
                    Encryption.markAll(input.getArgs(), keyId),
                    input.getOptions(),
                    Encryption.withKey(withItem(input.getHeader()), keyId)));
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

        @Override
        public Object newChildThread(Runnable runnable, boolean detached, String name) {
            ItemContext item = ItemContext.current();
            boolean failsOnRejection = Rejections.areFailing();
            Runnable ofItem = item == null ? runnable : () -> item.run(returning(runnable));
            Runnable inherited = failsOnRejection ? () -> Rejections.failing(returning(ofItem)) : ofItem;
            return super.newChildThread(inherited, detached, name);
        }

        private static Supplier<Boolean> returning(Runnable work) {
            return () -> {
                work.run();
                return true;
            };
        }

        private static Header withItem(Header header) {
            ItemContext item = ItemContext.current();
            return item == null ? header : Headers.with(header, ItemContext.HEADER, item);
        }
    }

    private static ApplicationFailure toFailure(TaskCancelled canceled) {
        Map<String, Object> details = Map.of("code", canceled.code(), "processItemId", canceled.processItemId());
        return ApplicationFailure.newNonRetryableFailure(canceled.getMessage(), "TaskCancelled", details);
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
