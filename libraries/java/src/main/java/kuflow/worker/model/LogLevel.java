package kuflow.worker.model;

/** The severity of a task log entry. */
public enum LogLevel {
    INFO,
    WARN,
    ERROR
}
