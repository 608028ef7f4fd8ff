package kuflow.worker.internal.operation;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** The part of {@code /readyz} that is about the engine. It is {@code worker} in spring.properties. */
@Component("workerHealthIndicator")
public class WorkerHealthIndicator implements HealthIndicator {

    private final WorkerReadiness readiness;

    public WorkerHealthIndicator(WorkerReadiness readiness) {
        this.readiness = readiness;
    }

    @Override
    public Health health() {
        String reason = readiness.notReady();
        return reason == null
                ? Health.up().build()
                : Health.outOfService().withDetail("reason", reason).build();
    }
}
