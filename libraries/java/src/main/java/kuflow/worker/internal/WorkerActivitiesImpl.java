package kuflow.worker.internal;

import kuflow.worker.KuFlowClient;

public record WorkerActivitiesImpl(KuFlowClient kuflow, TaskData taskData) implements WorkerActivities {

    @Override
    public OfApplication retrieveApplication() {
        return new OfApplication(kuflow.applicationId());
    }

    @Override
    public OfProcessItem completeTask(CompleteTask request) {
        return new OfProcessItem(taskData.complete(kuflow, request));
    }
}
