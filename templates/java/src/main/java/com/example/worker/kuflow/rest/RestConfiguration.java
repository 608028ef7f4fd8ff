package com.example.worker.kuflow.rest;

import com.example.worker.kuflow.operation.WorkerMetrics;
import com.example.worker.kuflow.settings.WorkerSettings;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class RestConfiguration {

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
