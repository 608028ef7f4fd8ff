package kuflow.worker.internal;

import io.temporal.api.common.v1.Payload;
import io.temporal.common.interceptors.Header;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads and adds values in the headers of workflows and activities. */
public final class Headers {

    private Headers() {}

    public static <T> @Nullable T read(Header header, String name, Class<T> type) {
        Payload payload = header.getValues().get(name);
        return payload == null ? null : Payloads.PLAIN.fromPayload(payload, type, type);
    }

    public static Header with(Header header, String name, Object value) {
        Map<String, Payload> values = new HashMap<>(header.getValues());
        values.put(name, Payloads.PLAIN.toPayload(value).orElseThrow());
        return new Header(values);
    }
}
