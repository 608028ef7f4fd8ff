package com.example.worker.trial;

import com.example.worker.loan.LoanTypes.CheckCreditData;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.UUID;
import kuflow.worker.model.KuFlowFile;

@ActivityInterface
public interface TaskActivities {

    /** Its result is valid at the second attempt. */
    @ActivityMethod(name = "scoreSecondTime")
    CheckCreditData scoreSecondTime(UUID processId);

    /** Uploads {@code megabytes} of content, and returns the document and the hash of the content. */
    @ActivityMethod(name = "uploadContent")
    Uploaded uploadContent(Content content);

    /** Downloads a document and returns the hash of its content. */
    @ActivityMethod(name = "hashOfDocument")
    String hashOfDocument(KuFlowFile document);

    /** Notices that it is canceled, and does not end. */
    @ActivityMethod(name = "ignoreCancellation")
    void ignoreCancellation();

    /** The status with which KuFlow refuses to return a process. */
    @ActivityMethod(name = "statusOfUnknownProcess")
    int statusOfUnknownProcess();

    record Content(UUID processId, int megabytes) {}

    record Uploaded(KuFlowFile document, String hash) {}
}
