package com.example.worker.kuflow.workflow;

import com.example.worker.kuflow.payload.EncryptionGuard;
import com.example.worker.kuflow.payload.Payloads;
import io.temporal.api.common.v1.Payload;
import io.temporal.common.interceptors.Header;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowOutboundCallsInterceptorBase;
import java.util.HashMap;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Passes the item of workflow code to its activities and threads, and refuses encrypted processes. */
@Component
public class WorkflowInterceptor extends WorkerInterceptorBase {

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
            EncryptionGuard.check(input.getHeader());
            try {
                return super.execute(input);
            } catch (TaskCancelled canceled) {
                throw canceled.toFailure();
            }
        }

        @Override
        public void handleSignal(SignalInput input) {
            try {
                super.handleSignal(input);
            } catch (TaskCancelled canceled) {
                throw canceled.toFailure();
            }
        }
    }

    private static class Outbound extends WorkflowOutboundCallsInterceptorBase {

        Outbound(WorkflowOutboundCallsInterceptor next) {
            super(next);
        }

        @Override
        public <R> ActivityOutput<R> executeActivity(ActivityInput<R> input) {
            return super.executeActivity(new ActivityInput<>(
                    input.getActivityName(),
                    input.getResultClass(),
                    input.getResultType(),
                    input.getArgs(),
                    input.getOptions(),
                    withItem(input.getHeader())));
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
            return super.newChildThread(
                    item == null
                            ? runnable
                            : () -> item.run(() -> {
                                runnable.run();
                                return true;
                            }),
                    detached,
                    name);
        }
    }

    private static Header withItem(Header header) {
        ItemContext item = ItemContext.current();
        if (item == null) {
            return header;
        }
        Map<String, Payload> values = new HashMap<>(header.getValues());
        values.put(ItemContext.HEADER, Payloads.PLAIN.toPayload(item).orElseThrow());
        return new Header(values);
    }
}
