package com.example.worker.trial;

import com.example.worker.kuflow.workflow.WorkflowRequest;
import com.example.worker.kuflow.workflow.WorkflowResponse;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

@WorkflowInterface
public interface JourneyWorkflow {

    @WorkflowMethod(name = "JourneyWorkflow")
    WorkflowResponse run(WorkflowRequest request);
}
