package kuflow.worker.internal.payload;

import io.temporal.common.converter.DataConverter;
import kuflow.worker.internal.settings.WorkerSettings;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration(proxyBeanMethods = false)
public class PayloadConfiguration {

    @Bean
    DataConverter dataConverter(WorkerSettings settings) {
        return Payloads.converter(settings.worker().maxPayloadBytes());
    }
}
