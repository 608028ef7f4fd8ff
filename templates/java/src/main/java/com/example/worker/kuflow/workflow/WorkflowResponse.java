package com.example.worker.kuflow.workflow;

/** What the workflow of a process returns to KuFlow. */
public record WorkflowResponse(String message) {}
