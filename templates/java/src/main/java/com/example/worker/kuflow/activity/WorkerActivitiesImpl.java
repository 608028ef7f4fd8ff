package com.example.worker.kuflow.activity;

import com.example.worker.kuflow.model.Requests.CompleteTask;
import com.example.worker.kuflow.model.Results.OfApplication;
import com.example.worker.kuflow.model.Results.OfProcessItem;
import com.example.worker.kuflow.model.WorkerActivities;
import com.example.worker.kuflow.rest.KuFlowClient;
import org.springframework.stereotype.Component;

@Component
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
