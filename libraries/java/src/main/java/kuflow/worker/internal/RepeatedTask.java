package kuflow.worker.internal;

import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Repeats a task in its own thread until it is closed. The task returns the pause until the next run. */
record RepeatedTask(Thread thread) implements AutoCloseable {

    private static final Logger LOGGER = LoggerFactory.getLogger(RepeatedTask.class);

    private static final Duration AFTER_ERROR = Duration.ofSeconds(1);

    static RepeatedTask start(String name, Supplier<Duration> task) {
        return new RepeatedTask(Daemons.start(name, () -> repeat(task)));
    }

    /** Interrupts a run that is in progress. */
    @Override
    public void close() {
        thread.interrupt();
    }

    private static void repeat(Supplier<Duration> task) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(Math.max(0, run(task).toMillis()));
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    /** The worker depends on its tasks, so not even an {@link Error} ends one. */
    private static Duration run(Supplier<Duration> task) {
        try {
            return task.get();
        } catch (RuntimeException | Error failed) {
            LOGGER.error("{} failed; retrying", Thread.currentThread().getName(), failed);
            return AFTER_ERROR;
        }
    }
}
