package com.example.loanworker.loan;

import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import kuflow.worker.workflow.WorkflowRequest;
import kuflow.worker.workflow.WorkflowResponse;

@WorkflowInterface
public interface LoanWorkflow {

    @WorkflowMethod(name = "LoanWorkflow")
    WorkflowResponse run(WorkflowRequest request);
}
