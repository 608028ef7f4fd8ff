package kuflow.worker.model;

public enum LogLevel {
    INFO,
    WARN,
    ERROR
}
