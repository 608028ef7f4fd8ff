package com.example.worker.kuflow.model;

import com.example.worker.kuflow.model.Requests.CompleteTask;
import com.example.worker.kuflow.model.Results.OfApplication;
import com.example.worker.kuflow.model.Results.OfProcessItem;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;

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
