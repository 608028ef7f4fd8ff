package com.example.loanworker.loan;

import com.example.loanworker.kuflow.workflow.WorkflowRequest;
import com.example.loanworker.kuflow.workflow.WorkflowResponse;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

@WorkflowInterface
public interface LoanWorkflow {

    @WorkflowMethod(name = "LoanWorkflow")
    WorkflowResponse run(WorkflowRequest request);
}
