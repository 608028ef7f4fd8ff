package com.example.worker.kuflow.engine;

import java.time.Duration;
import java.util.function.Supplier;

/** Repeats a task in its own thread until it is closed. The task returns the pause until the next run. */
final class RepeatedTask implements AutoCloseable {

    private final Thread thread;

    private RepeatedTask(Thread thread) {
        this.thread = thread;
    }

    static RepeatedTask start(String name, Supplier<Duration> task) {
        Thread thread = new Thread(() -> repeat(task), name);
        thread.setDaemon(true);
        thread.start();
        return new RepeatedTask(thread);
    }

    /** Interrupts a run that is in progress. */
    @Override
    public void close() {
        thread.interrupt();
    }

    private static void repeat(Supplier<Duration> task) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(Math.max(0, task.get().toMillis()));
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }
}
