package kuflow.worker.workflow;

import io.temporal.workflow.Promise;
import java.util.UUID;
import kuflow.worker.model.LogLevel;

/** A human task that has been created and might still be open. */
public final class TaskHandle<D> {

    private final KuFlowProcess process;
    private final UUID id;
    private final Promise<D> done;

    TaskHandle(KuFlowProcess process, UUID id, Promise<D> done) {
        this.process = process;
        this.id = id;
        this.done = done;
    }

    public UUID id() {
        return id;
    }

    /** Completes with the task's data once a person has completed the task. Fails with {@link TaskCancelled} if the task is canceled. */
    public Promise<D> done() {
        return done;
    }

    /** Cancels the task, unless it is completed first. */
    public void cancel() {
        whileOpen(() -> {
            process.cancel(id);
            process.changed.add(id);
        });
    }

    /** Assigns the task, unless it is completed or canceled first. */
    public void assign(Owner owner) {
        whileOpen(() -> process.kuflow.assignProcessItemTask(id, owner.id(), owner.email()));
    }

    /** Adds a line to the task log in KuFlow. */
    public void log(String text, LogLevel level) {
        process.kuflow.appendProcessItemTaskLog(id, text, level);
    }

    /** KuFlow refuses to change a completed task, and Temporal would repeat that forever. */
    private void whileOpen(Runnable change) {
        KuFlowProcess.runUntil(done::isCompleted, change);
    }
}
