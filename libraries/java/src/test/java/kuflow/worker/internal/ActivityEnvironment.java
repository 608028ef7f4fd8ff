package kuflow.worker.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.activity.ActivityInterface;
import io.temporal.activity.ActivityMethod;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.testing.TestActivityEnvironment;
import io.temporal.testing.TestEnvironmentOptions;
import io.temporal.worker.WorkerFactoryOptions;
import java.net.URI;
import java.util.Map;
import java.util.function.Function;
import kuflow.worker.KuFlowClient;

/** Runs activities as the worker does, with KuFlow's API at another address. */
final class ActivityEnvironment implements AutoCloseable {

    /** KuFlow's activities, as KuFlow's own libraries call them. */
    @ActivityInterface(namePrefix = "KuFlow_Engine_")
    public interface KuFlow {

        JsonNode retrieveProcessItem(Map<String, ?> request);

        JsonNode createProcessItem(Map<String, ?> request);

        JsonNode claimProcessItemTask(Map<String, ?> request);

        JsonNode completeProcessItemTask(Map<String, ?> request);

        JsonNode assignProcessItemTask(Map<String, ?> request);

        JsonNode patchProcessItemTaskData(Map<String, ?> request);

        JsonNode findProcesses(Map<String, ?> request);

        JsonNode deleteProcess(Map<String, ?> request);

        JsonNode createProcessAction(Map<String, ?> request);

        JsonNode retrieveProcessAction(Map<String, ?> request);

        JsonNode cancelProcessAction(Map<String, ?> request);

        JsonNode createBusinessArtifact(Map<String, ?> request);

        JsonNode unknown(Map<String, ?> request);
    }

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
        KuFlowCalls calls = KuFlowCalls.of(new RestClient(settings, metrics), TestSettings.APPLICATION_ID);
        KuFlowClient kuflow = calls.client();
        TaskFailures failures =
                new TaskFailures(kuflow, metrics, settings.worker().attemptsBeforeTaskLog());
        temporal = TestActivityEnvironment.newInstance(TestEnvironmentOptions.newBuilder()
                .setWorkflowClientOptions(WorkflowClientOptions.newBuilder()
                        .setDataConverter(Payloads.PLAIN)
                        .build())
                .setWorkerFactoryOptions(WorkerFactoryOptions.newBuilder()
                        .setWorkerInterceptors(new ActivityInterceptor(
                                new TaskData(), failures, settings.worker().maxPayloadBytes()))
                        .build())
                .build());
        archive = new ArchiveImpl(kuflow);
        temporal.registerActivitiesImplementations(new KuFlowActivities(calls), archive);
    }

    KuFlow kuflowActivities() {
        return temporal.newActivityStub(KuFlow.class);
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
