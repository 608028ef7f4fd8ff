package com.example.worker.trial;

import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;

@WorkflowInterface
public interface JourneyWorkflow {

    @WorkflowMethod(name = "JourneyWorkflow")
    WorkflowResponse run(WorkflowRequest request);
}
