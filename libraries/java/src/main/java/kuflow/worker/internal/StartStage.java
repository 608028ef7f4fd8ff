package kuflow.worker.internal;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** How far this worker has started. A signal ends it with 130 before it polls for tasks, and with 0 afterwards. */
public final class StartStage {

    /** After it has connected, a worker takes much less. */
    private static final int MAX_START_SECONDS = 10;

    private static final int INTERRUPTED = 130;

    private final CountDownLatch started = new CountDownLatch(1);
    private boolean isPolling;

    /** From now on, the worker may run tasks. Does not return if a signal has arrived before. */
    public synchronized void polls() {
        isPolling = true;
    }

    /** From now on, Spring can close the application. */
    public void started() {
        started.countDown();
    }

    /** Ends the process. */
    public void end() {
        endBeforePolling();
        try {
            // While the application starts, Spring would interrupt the start and drain nothing.
            started.await(MAX_START_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException impatient) {
            Thread.currentThread().interrupt();
        }
        // Does nothing if the application is already exiting with another status.
        System.exit(0);
    }

    /** Spring would wait until the worker has connected before it reacts to a signal. Nothing is running yet. */
    private synchronized void endBeforePolling() {
        if (!isPolling) {
            Runtime.getRuntime().halt(INTERRUPTED);
        }
    }
}
