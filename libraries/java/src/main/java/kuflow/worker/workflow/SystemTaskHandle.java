package kuflow.worker.workflow;

import java.util.UUID;
import java.util.function.Supplier;
import kuflow.worker.model.LogLevel;

/** A system task, which the worker completes itself. */
public interface SystemTaskHandle<D> {

    UUID id();

    /**
     * Runs {@code work}, which may call several activities, saves the data that it returns, and completes the task. If
     * the data does not match the schema, the workflow fails, because the activities have already completed.
     */
    D complete(Supplier<D> work);

    /** Cancels the task. */
    void cancel();

    /** Adds a line to the task log in KuFlow. */
    void log(String text, LogLevel level);
}
