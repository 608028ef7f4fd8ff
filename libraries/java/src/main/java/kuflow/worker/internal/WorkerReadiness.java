package kuflow.worker.internal;

import org.jspecify.annotations.Nullable;

/** Whether this worker can take work from the engine. */
public interface WorkerReadiness {

    /** Returns why the worker is not ready, such as "draining", or null if it is. Must not make a call. */
    @Nullable
    String notReady();
}
