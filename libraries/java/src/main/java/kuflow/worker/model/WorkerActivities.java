package kuflow.worker.model;

import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import kuflow.worker.model.Requests.CompleteTask;
import kuflow.worker.model.Results.OfApplication;
import kuflow.worker.model.Results.OfProcessItem;

/** Activities of this worker that are not part of KuFlow's libraries. */
@ActivityInterface
public interface WorkerActivities {

    /** The application whose credentials this worker uses. Its ID is its principal ID. */
    @ActivityMethod(name = "KuFlow_Worker_retrieveApplication")
    OfApplication retrieveApplication();

    /** Validates and saves the data of a system task, and completes the task. Rejects data that does not match its schema. */
    @ActivityMethod(name = "KuFlow_Worker_completeTask")
    OfProcessItem completeTask(CompleteTask request);
}
