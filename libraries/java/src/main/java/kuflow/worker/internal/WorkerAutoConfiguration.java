package kuflow.worker.internal;

import kuflow.worker.internal.activity.ActivityInterceptor;
import kuflow.worker.internal.activity.KuFlowActivities;
import kuflow.worker.internal.activity.TaskData;
import kuflow.worker.internal.activity.TaskFailures;
import kuflow.worker.internal.activity.WorkerActivitiesImpl;
import kuflow.worker.internal.engine.EngineLifecycle;
import kuflow.worker.internal.operation.TemporalMetrics;
import kuflow.worker.internal.operation.WorkerHealthIndicator;
import kuflow.worker.internal.operation.WorkerMetrics;
import kuflow.worker.internal.payload.PayloadConfiguration;
import kuflow.worker.internal.rest.RestConfiguration;
import kuflow.worker.internal.workflow.WorkflowInterceptor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.context.annotation.Import;

/** The beans of the library. {@link kuflow.worker.KuFlowWorker} adds its settings. */
@AutoConfiguration
@Import({
    ActivityInterceptor.class,
    EngineLifecycle.class,
    KuFlowActivities.class,
    PayloadConfiguration.class,
    RestConfiguration.class,
    TaskData.class,
    TaskFailures.class,
    TemporalMetrics.class,
    WorkerActivitiesImpl.class,
    WorkerHealthIndicator.class,
    WorkerMetrics.class,
    WorkflowInterceptor.class
})
public class WorkerAutoConfiguration {}
