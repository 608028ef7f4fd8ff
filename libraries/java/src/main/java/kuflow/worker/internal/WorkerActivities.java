package kuflow.worker.internal;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import java.util.UUID;
import kuflow.worker.KuFlowOperations.ProcessItem;

/** Activities of this worker that are not part of KuFlow's libraries. */
@ActivityInterface
public interface WorkerActivities {

    record CompleteTask(UUID processItemId, String code, Object data) {}

    record OfProcessItem(ProcessItem processItem) {}

    record OfApplication(UUID applicationId) {}

    /** The application whose credentials this worker uses. Its ID is its principal ID. */
    @ActivityMethod(name = "KuFlow_Worker_retrieveApplication")
    OfApplication retrieveApplication();

    /** Validates and saves the data of a system task, and completes the task. Rejects data that does not match its schema. */
    @ActivityMethod(name = "KuFlow_Worker_completeTask")
    OfProcessItem completeTask(CompleteTask request);
}
