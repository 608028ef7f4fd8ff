package kuflow.worker.internal;

import java.util.concurrent.ThreadFactory;

/** Threads that do not keep the JVM running. */
public final class Daemons {

    private Daemons() {}

    static ThreadFactory named(String name) {
        return work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    public static Thread start(String name, Runnable work) {
        Thread thread = named(name).newThread(work);
        thread.start();
        return thread;
    }
}
