package kuflow.worker.workflow;

import io.temporal.workflow.Async;
import io.temporal.workflow.Workflow;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import kuflow.worker.internal.ItemContext;
import kuflow.worker.internal.WorkerActivities.CompleteTask;
import kuflow.worker.model.LogLevel;

/** A system task that has been created and that the worker completes itself. */
public final class SystemTaskHandle<D> {

    private final KuFlowProcess process;
    private final String code;
    private final UUID id;
    private boolean isCompleting;

    SystemTaskHandle(KuFlowProcess process, String code, UUID id) {
        this.process = process;
        this.code = code;
        this.id = id;
        // The scope may be canceled before the task is completed.
        Async.procedure(() -> process.cancelingWithScope(id, () -> {
                    Workflow.await(() -> isCompleting);
                    return id;
                }))
                .exceptionally(canceled -> null);
    }

    public UUID id() {
        return id;
    }

    /**
     * Runs {@code work}, saves the data that it returns, and completes the task. {@code work} can call several
     * activities. If the data does not match the schema, the workflow fails, because the activities have already completed and
     * Temporal does not retry them.
     */
    public D complete(Supplier<D> work) {
        return complete(work, false);
    }

    D complete(Supplier<D> work, boolean validates) {
        isCompleting = true;
        return process.cancelingWithScope(id, () -> {
            D data = new ItemContext(id, code, validates).run(work);
            Object saved = data == null ? Map.of() : data;
            new ItemContext(id, code, false).run(() -> process.worker.completeTask(new CompleteTask(id, code, saved)));
            return data;
        });
    }

    /** Cancels the task. */
    public void cancel() {
        process.cancel(id);
    }

    /** Adds a line to the task log in KuFlow. */
    public void log(String text, LogLevel level) {
        process.kuflow.appendProcessItemTaskLog(id, text, level);
    }
}
