package com.example.worker.kuflow.payload;

import com.example.worker.kuflow.settings.WorkerSettings;
import io.temporal.common.converter.DataConverter;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
class PayloadConfiguration {

    @Bean
    DataConverter dataConverter(WorkerSettings settings) {
        return Payloads.converter(settings.worker().maxPayloadBytes());
    }
}
