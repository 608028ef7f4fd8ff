package kuflow.worker.internal.activity;

import kuflow.worker.KuFlowClient;

public class WorkerActivitiesImpl implements WorkerActivities {

    private final KuFlowClient kuflow;
    private final TaskData taskData;

    public WorkerActivitiesImpl(KuFlowClient kuflow, TaskData taskData) {
        this.kuflow = kuflow;
        this.taskData = taskData;
    }

    @Override
    public OfApplication retrieveApplication() {
        return new OfApplication(kuflow.applicationId());
    }

    @Override
    public OfProcessItem completeTask(CompleteTask request) {
        return new OfProcessItem(taskData.complete(kuflow, request));
    }
}
