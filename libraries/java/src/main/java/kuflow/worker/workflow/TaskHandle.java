package kuflow.worker.workflow;

import io.temporal.workflow.Promise;
import java.util.UUID;
import kuflow.worker.model.LogLevel;

/** A human task that was created and may still be open. */
public interface TaskHandle<D> {

    UUID id();

    /** The data of the task when a person has completed it. Fails with {@link TaskCancelled} if it is canceled. */
    Promise<D> done();

    /** Cancels the task, unless it is completed first. */
    void cancel();

    /** Assigns the task, unless it is completed or canceled first. */
    void assign(Owner owner);

    /** Adds a line to the task log in KuFlow. */
    void log(String text, LogLevel level);
}
