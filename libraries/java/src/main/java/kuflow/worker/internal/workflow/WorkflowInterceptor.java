package kuflow.worker.internal.workflow;

import io.temporal.common.interceptors.Header;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptorBase;
import io.temporal.failure.ApplicationFailure;
import java.util.Map;
import java.util.function.Supplier;
import kuflow.worker.internal.payload.Headers;
import kuflow.worker.internal.rest.OperationCall;
import kuflow.worker.workflow.CallRejected;
import kuflow.worker.workflow.TaskCancelled;

/** Passes the item of workflow code, and whether rejected calls fail, to its activities and threads. */
public class WorkflowInterceptor extends WorkerInterceptorBase {

    /** Loads the operations here, because workflow code must not take long. */
    public WorkflowInterceptor() {
        OperationCall.load();
    }

    @Override
    public WorkflowInboundCallsInterceptor interceptWorkflow(WorkflowInboundCallsInterceptor next) {
        return new Inbound(next);
    }

    private static class Inbound extends WorkflowInboundCallsInterceptorBase {

        Inbound(WorkflowInboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public void init(WorkflowOutboundCallsInterceptor outboundCalls) {
            super.init(new Outbound(outboundCalls));
        }

        @Override
        public WorkflowOutput execute(WorkflowInput input) {
            try {
                return super.execute(input);
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
    }

    private static class Outbound extends WorkflowOutboundCallsInterceptorBase {

        Outbound(WorkflowOutboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public <R> ActivityOutput<R> executeActivity(ActivityInput<R> input) {
            boolean failsOnRejection = Rejections.areFailing();
            Header header = withItem(input.getHeader());
            ActivityOutput<R> output = super.executeActivity(new ActivityInput<>(
                    input.getActivityName(),
                    input.getResultClass(),
                    input.getResultType(),
                    input.getArgs(),
                    input.getOptions(),
                    failsOnRejection ? Rejections.withRejections(header) : header));
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
                    input.getArgs(),
                    input.getOptions(),
                    withItem(input.getHeader())));
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
    }

    private static ApplicationFailure toFailure(TaskCancelled canceled) {
        Map<String, Object> details = Map.of("code", canceled.code(), "processItemId", canceled.processItemId());
        return ApplicationFailure.newNonRetryableFailure(canceled.getMessage(), "TaskCancelled", details);
    }

    private static Header withItem(Header header) {
        ItemContext item = ItemContext.current();
        return item == null ? header : Headers.with(header, ItemContext.HEADER, item);
    }
}
