package kuflow.worker.internal.operation;

import com.uber.m3.tally.RootScopeBuilder;
import com.uber.m3.tally.Scope;
import com.uber.m3.util.Duration;
import io.micrometer.core.instrument.MeterRegistry;
import io.temporal.common.reporter.MicrometerClientStatsReporter;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The metrics of Temporal's SDK, for {@code WorkflowServiceStubsOptions.Builder.setMetricsScope}. */
@Configuration
public class TemporalMetrics {

    private static final double REPORT_EVERY_SECONDS = 10;

    /** Its thread keeps the JVM running until the scope is closed, which Spring does. */
    @Bean(destroyMethod = "close")
    Scope temporalMetricsScope(MeterRegistry registry) {
        return new RootScopeBuilder()
                .reporter(new MicrometerClientStatsReporter(registry))
                .reportEvery(Duration.ofSeconds(REPORT_EVERY_SECONDS));
    }
}
