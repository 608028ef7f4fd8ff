package com.example.loanworker.loan;

import com.example.loanworker.loan.LoanTypes.CheckCreditData;
import kuflow.worker.KuFlowClient;
import kuflow.worker.KuFlowOperations.Process;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Temporal retries activities that fail, so make them idempotent. {@code kuflow} is a client for KuFlow's API with
 * this worker's credentials.
 */
@Component
public class LoanActivitiesImpl implements LoanActivities {

    private static final Logger LOG = LoggerFactory.getLogger(LoanActivitiesImpl.class);

    private final KuFlowClient kuflow;

    public LoanActivitiesImpl(KuFlowClient kuflow) {
        this.kuflow = kuflow;
    }

    @Override
    public CheckCreditData checkCredit(CheckCreditInput input) {
        // TODO: replace this sample code with a real credit check.
        Process process = kuflow.retrieveProcess(input.processId());
        LOG.info("Checking credit (process created {})", process.createdAt());
        return CheckCreditData.builder()
                .score(0L)
                .decision(CheckCreditData.Decision.REVIEW)
                .build();
    }
}
