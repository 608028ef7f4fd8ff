package com.example.worker.kuflow.model;

public enum LogLevel {
    INFO,
    WARN,
    ERROR
}
