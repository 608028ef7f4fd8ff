package com.example.worker.trial;

import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import kuflow.worker.KuFlowClient;
import org.springframework.stereotype.Component;

// Added to a generated project by the end-to-end tests.
@Component
public class JourneyActivitiesImpl implements JourneyActivities {

    private final KuFlowClient kuflow;

    public JourneyActivitiesImpl(KuFlowClient kuflow) {
        this.kuflow = kuflow;
    }

    @Override
    public StampedContract stampContract(Contract contract) {
        String reviewer = String.valueOf(
                kuflow.retrievePrincipal(contract.reviewerId()).name());
        return TaskActivitiesImpl.inFile("stamped.txt", file -> {
            kuflow.documents().download(contract.contract(), file);
            Files.writeString(file, "For " + reviewer, StandardOpenOption.APPEND);
            return new StampedContract(
                    kuflow.documents().upload(file, contract.processId(), "stamped.txt", "text/plain"), reviewer);
        });
    }
}
