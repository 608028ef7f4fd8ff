package kuflow.worker.internal;

import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.temporal.common.converter.JacksonJsonPayloadConverter;

/**
 * The JSON mapping of KuFlow's REST API and of everything that Temporal stores. It is Jackson 2, because Temporal has no converter
 * for Jackson 3.
 */
public final class KuFlowJson {

    private static final ObjectMapper MAPPER = JacksonJsonPayloadConverter.newDefaultObjectMapper()
            // KuFlow may add fields. Temporal drops a signal that it cannot read, so the workflow would wait forever.
            .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
            // Neither may a state that KuFlow adds fail: it becomes UNKNOWN.
            .configure(DeserializationFeature.READ_UNKNOWN_ENUM_VALUES_USING_DEFAULT_VALUE, true)
            .configure(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, true)
            .configure(DeserializationFeature.ACCEPT_FLOAT_AS_INT, false)
            .configure(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN, true)
            .setDefaultPropertyInclusion(Include.NON_NULL);

    private KuFlowJson() {}

    public static ObjectMapper mapper() {
        return MAPPER;
    }

    /** Leaves out what is null. */
    public static String write(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
