package kuflow.worker.internal;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Instant;
import java.util.function.IntSupplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** The worker's own metrics, on the same port as those of Temporal's SDK. */
public class WorkerMetrics {

    private final MeterRegistry registry;
    private final Counter registrationFailures;
    private final Counter tokenFailures;
    private volatile @Nullable Instant tokenIssuedAt;
    private volatile @Nullable Instant certificateExpiresAt;
    private volatile boolean certificateRenewalOverdue;
    private volatile boolean engineReachable;
    private volatile IntSupplier systemTasksFailing = () -> 0;

    public WorkerMetrics(MeterRegistry registry) {
        this.registry = registry;
        registrationFailures = Counter.builder("kuflow.worker.registration.failures")
                .description("Failed registrations of this worker with KuFlow")
                .register(registry);
        tokenFailures = Counter.builder("kuflow.engine.token.failures")
                .description("Failed requests for an engine token")
                .register(registry);
        seconds("kuflow.engine.token.age", "Age of the engine token", metrics -> metrics.age(metrics.tokenIssuedAt));
        seconds(
                "kuflow.engine.certificate.expiry",
                "Time until the engine certificate expires",
                metrics -> -metrics.age(metrics.certificateExpiresAt));
        gauge(
                "kuflow.engine.certificate.renewal.overdue",
                "1 if the engine certificate is past two thirds of its lifetime and has not been replaced",
                metrics -> metrics.certificateRenewalOverdue ? 1 : 0);
        gauge(
                "kuflow.engine.reachable",
                "1 if the engine answers, otherwise 0",
                metrics -> metrics.engineReachable ? 1 : 0);
        gauge(
                "kuflow.system.tasks.failing",
                "System tasks whose last attempt failed and will be retried",
                metrics -> metrics.systemTasksFailing.getAsInt());
    }

    /** @param status an HTTP status, or {@code error} for a call without a response */
    public void restCall(String operation, String status) {
        Counter.builder("kuflow.rest.calls")
                .description("Calls to the KuFlow REST API, by operation and status")
                .tag("operation", operation)
                .tag("status", status)
                .register(registry)
                .increment();
    }

    public void tokenIssued(Instant at) {
        tokenIssuedAt = at;
    }

    public void tokenRenewalFailed() {
        tokenFailures.increment();
    }

    public void certificateExpires(Instant at) {
        certificateExpiresAt = at;
    }

    public void certificateRenewalOverdue(boolean isOverdue) {
        certificateRenewalOverdue = isOverdue;
    }

    public void registrationFailed() {
        registrationFailures.increment();
    }

    /** Whether the engine answered the last call that checks it. */
    public void engineReachable(boolean isReachable) {
        engineReachable = isReachable;
    }

    public void systemTaskFailed(String code) {
        Counter.builder("kuflow.system.task.failures")
                .description("Failed system task attempts, by task code")
                .tag("code", code)
                .register(registry)
                .increment();
    }

    /** @param count counts the system tasks that wait for another attempt, each time the metric is read */
    public void systemTasksFailing(IntSupplier count) {
        systemTasksFailing = count;
    }

    private void gauge(String name, String description, ToDoubleFunction<WorkerMetrics> value) {
        Gauge.builder(name, this, value).description(description).register(registry);
    }

    private void seconds(String name, String description, ToDoubleFunction<WorkerMetrics> value) {
        Gauge.builder(name, this, metrics -> Math.max(0, value.applyAsDouble(metrics)))
                .description(description)
                .baseUnit("seconds")
                .register(registry);
    }

    /** The seconds since a point in time, or NaN if it is not known yet. */
    private double age(@Nullable Instant since) {
        return since == null ? Double.NaN : (registry.config().clock().wallTime() - since.toEpochMilli()) / 1000.0;
    }
}
