package com.example.worker.trial;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.UUID;
import kuflow.worker.model.KuFlowFile;

@ActivityInterface
public interface JourneyActivities {

    /** Uploads a copy of the contract with the name of the reviewer at its end. */
    @ActivityMethod(name = "stampContract")
    StampedContract stampContract(Contract contract);

    record Contract(UUID processId, KuFlowFile contract, UUID reviewerId) {}

    record StampedContract(KuFlowFile stamped, String reviewer) {}
}
