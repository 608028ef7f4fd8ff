package kuflow.worker.internal.rest;

import kuflow.worker.KuFlowClient;
import kuflow.worker.internal.operation.WorkerMetrics;
import kuflow.worker.internal.settings.WorkerSettings;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
public class RestConfiguration {

    @Bean
    RestClient restClient(WorkerSettings settings, WorkerMetrics metrics) {
        return new RestClient(settings, metrics);
    }

    /** The client for your own activities. */
    @Bean
    KuFlowClient kuFlowClient(RestClient rest, WorkerSettings settings) {
        return new KuFlowClient(rest, settings.api().clientId());
    }
}
