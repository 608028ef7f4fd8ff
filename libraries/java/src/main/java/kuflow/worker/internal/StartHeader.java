package kuflow.worker.internal;

import io.temporal.api.common.v1.Payload;
import io.temporal.common.context.ContextPropagator;
import io.temporal.common.interceptors.Header;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the start header of a workflow available before its workflow method runs, because handlers of signals can run earlier and start
 * activities. It does not send headers.
 */
public final class StartHeader implements ContextPropagator {

    private static final ThreadLocal<@Nullable Header> CURRENT = new ThreadLocal<>();

    /** The start header of the workflow that runs in this thread. */
    static Header current() {
        Header header = CURRENT.get();
        if (header == null) {
            throw new IllegalStateException("The Temporal client does not have the context propagator StartHeader");
        }
        return header;
    }

    @Override
    public String getName() {
        return "kuflow-start-header";
    }

    @Override
    public Map<String, Payload> serializeContext(@Nullable Object context) {
        return Map.of();
    }

    @Override
    public Object deserializeContext(Map<String, Payload> header) {
        return new Header(header);
    }

    @Override
    public @Nullable Object getCurrentContext() {
        return CURRENT.get();
    }

    @Override
    public void setCurrentContext(@Nullable Object context) {
        CURRENT.set((Header) context);
    }
}
