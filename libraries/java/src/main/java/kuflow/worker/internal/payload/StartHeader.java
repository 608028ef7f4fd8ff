package kuflow.worker.internal.payload;

import io.temporal.api.common.v1.Payload;
import io.temporal.common.context.ContextPropagator;
import io.temporal.common.interceptors.Header;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes the header of a workflow's start known before the workflow runs: signals can be handled earlier, and they can start
 * activities. It sends no headers.
 */
public final class StartHeader implements ContextPropagator {

    private static final ThreadLocal<@Nullable Header> CURRENT = new ThreadLocal<>();

    /** The header of the workflow whose thread this is. */
    static Header current() {
        Header header = CURRENT.get();
        if (header == null) {
            throw new IllegalStateException("The Temporal client has no context propagator for the start header");
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
