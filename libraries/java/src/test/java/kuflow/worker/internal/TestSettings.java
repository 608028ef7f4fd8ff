package kuflow.worker.internal;

import java.net.URI;
import java.util.List;
import java.util.UUID;
import kuflow.worker.internal.WorkerSettings.KuFlowApi;
import kuflow.worker.internal.WorkerSettings.MutualTls;
import kuflow.worker.internal.WorkerSettings.Temporal;
import kuflow.worker.internal.WorkerSettings.Worker;
import org.slf4j.event.Level;

/** Settings for tests. */
public final class TestSettings {

    public static final UUID APPLICATION_ID = UUID.fromString("11111111-2222-4333-8444-555555555555");

    private TestSettings() {}

    /** The settings of a worker that calls KuFlow's API at this address. */
    public static WorkerSettings of(URI endpoint) {
        return new WorkerSettings(
                new KuFlowApi(endpoint, APPLICATION_ID, Secret.of("secret"), null, null, null),
                new Temporal("localhost:1", null, "QUEUE", new MutualTls(null, null, null, null, null), null),
                new Worker(null, List.of(), 0, 0, null, null, Level.INFO, null, 5, 2_097_152),
                "");
    }
}
