package kuflow.worker.internal;

import io.temporal.workflow.WorkflowThreadLocal;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * The item that a part of the workflow code works on. Its activities and log lines carry the ID of the item.
 *
 * @param code the code of its process item definition
 * @param validates set for system tasks: whether the result of an activity is the data of the task, and must be valid
 */
public record ItemContext(
        UUID processItemId, String code, @Nullable Boolean validates) {

    /** The header in which an activity gets the item it works on. */
    public static final String HEADER = "kuflow-item";

    /** The field of log lines. */
    public static final String LOG_FIELD = "processItemId";

    private static final WorkflowThreadLocal<@Nullable ItemContext> CURRENT = new WorkflowThreadLocal<>();

    static @Nullable ItemContext current() {
        return CURRENT.get();
    }

    /** Runs workflow code for this item, including the workflow threads that it starts. */
    public <R> R run(Supplier<R> work) {
        ItemContext outer = CURRENT.get();
        enter(this);
        try {
            return work.get();
        } finally {
            enter(outer);
        }
    }

    private static void enter(@Nullable ItemContext item) {
        CURRENT.set(item);
        if (item == null) {
            MDC.remove(LOG_FIELD);
        } else {
            MDC.put(LOG_FIELD, item.processItemId().toString());
        }
    }
}
