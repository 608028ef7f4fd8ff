package kuflow.worker.model;

/** How serious an entry in the log of a task is. */
public enum LogLevel {
    INFO,
    WARN,
    ERROR
}
