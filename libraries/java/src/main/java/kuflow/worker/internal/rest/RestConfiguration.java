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

    @Bean
    KuFlowCalls kuFlowCalls(RestClient rest, WorkerSettings settings) {
        return new KuFlowCalls(rest, settings.api().clientId());
    }

    /** The client for your own activities. */
    @Bean
    KuFlowClient kuFlowClient(KuFlowCalls calls) {
        return calls.client();
    }
}
