package kuflow.worker.internal.activity;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.testing.TestActivityEnvironment;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.worker.WorkerFactoryOptions;
import java.net.URI;
import java.util.function.Function;
import kuflow.worker.KuFlowClient;
import kuflow.worker.internal.operation.WorkerMetrics;
import kuflow.worker.internal.payload.Payloads;
import kuflow.worker.internal.rest.RestClient;
import kuflow.worker.internal.settings.TestSettings;
import kuflow.worker.internal.settings.WorkerSettings;
import kuflow.worker.model.KuFlowActivities;

/** Runs activities as the worker does, with KuFlow's API at another address. */
final class ActivityEnvironment implements AutoCloseable {

    /** An activity of the project. */
    @ActivityInterface
    public interface Archive {

        @ActivityMethod(name = "archive")
        String archive();
    }

    private static final class ArchiveImpl implements Archive {

        private final KuFlowClient kuflow;
        private Function<KuFlowClient, Object> work = client -> "";

        ArchiveImpl(KuFlowClient kuflow) {
            this.kuflow = kuflow;
        }

        @Override
        public String archive() {
            return String.valueOf(work.apply(kuflow));
        }
    }

    private final MeterRegistry meters = new SimpleMeterRegistry();
    private final ArchiveImpl archive;
    private final TestActivityEnvironment temporal;

    ActivityEnvironment(URI endpoint) {
        WorkerSettings settings = TestSettings.of(endpoint);
        WorkerMetrics metrics = new WorkerMetrics(meters);
        KuFlowClient kuflow = new KuFlowClient(new RestClient(settings, metrics), TestSettings.APPLICATION_ID);
        TaskFailures failures = new TaskFailures(kuflow, metrics, settings);
        temporal = TestActivityEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                .setWorkflowClientOptions(WorkflowClientOptions.newBuilder()
                        .setDataConverter(Payloads.PLAIN)
                        .build())
                .setWorkerFactoryOptions(WorkerFactoryOptions.newBuilder()
                        .setWorkerInterceptors(new ActivityInterceptor(new TaskData(), failures, settings))
                        .build())
                .build());
        archive = new ArchiveImpl(kuflow);
        temporal.registerActivitiesImplementations(new KuFlowActivitiesImpl(kuflow), archive);
    }

    KuFlowActivities kuflowActivities() {
        return temporal.newActivityStub(KuFlowActivities.class);
    }

    /** Runs an activity of the project, to which the worker passes the client. */
    String archive(Function<KuFlowClient, Object> work) {
        archive.work = work;
        return temporal.newActivityStub(Archive.class).archive();
    }

    MeterRegistry meters() {
        return meters;
    }

    TestActivityEnvironment temporal() {
        return temporal;
    }

    /** Requests the cancellation of the running activity. */
    void cancel() {
        temporal.requestCancelActivity();
    }

    /** Stops the worker, which interrupts its activities. */
    @Override
    public void close() {
        temporal.close();
    }
}
