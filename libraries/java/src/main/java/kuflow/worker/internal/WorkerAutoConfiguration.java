package kuflow.worker.internal;

import com.uber.m3.tally.RootScopeBuilder;
import com.uber.m3.tally.Scope;
import com.uber.m3.util.Duration;
import io.micrometer.core.instrument.MeterRegistry;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.reporter.MicrometerClientStatsReporter;
import kuflow.worker.KuFlowClient;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/** The beans of the library. {@link kuflow.worker.KuFlowWorker} adds its settings. */
@AutoConfiguration
@Import({
    EngineLifecycle.class,
    KuFlowActivities.class,
    RestClient.class,
    TaskData.class,
    WorkerActivitiesImpl.class,
    WorkerMetrics.class
})
public class WorkerAutoConfiguration {

    private static final double REPORT_METRICS_EVERY_SECONDS = 10;

    @Bean
    KuFlowCalls kuFlowCalls(RestClient rest, WorkerSettings settings) {
        return KuFlowCalls.of(rest, settings.api().clientId());
    }

    /** The client for your own activities. */
    @Bean
    KuFlowClient kuFlowClient(KuFlowCalls calls) {
        return calls.client();
    }

    @Bean
    ActivityInterceptor activityInterceptor(
            TaskData taskData, KuFlowClient kuflow, WorkerMetrics metrics, WorkerSettings settings) {
        TaskFailures failures =
                new TaskFailures(kuflow, metrics, settings.worker().attemptsBeforeTaskLog());
        return new ActivityInterceptor(taskData, failures, settings.worker().maxPayloadBytes());
    }

    @Bean
    DataConverter dataConverter(WorkerSettings settings, RestClient rest) {
        return Payloads.converter(settings.worker().maxPayloadBytes(), new EncryptionKeys(rest));
    }

    /** The part of {@code /readyz} that is about the engine. It is {@code worker} in spring.properties. */
    @Bean
    public HealthIndicator workerHealthIndicator(WorkerReadiness readiness) {
        return () -> {
            String reason = readiness.notReady();
            return reason == null
                    ? Health.up().build()
                    : Health.outOfService().withDetail("reason", reason).build();
        };
    }

    /** The metrics of Temporal's SDK. The thread of the scope keeps the JVM running until Spring closes it. */
    @Bean(destroyMethod = "close")
    public Scope temporalMetricsScope(MeterRegistry registry) {
        return new RootScopeBuilder()
                .reporter(new MicrometerClientStatsReporter(registry))
                .reportEvery(Duration.ofSeconds(REPORT_METRICS_EVERY_SECONDS));
    }
}
