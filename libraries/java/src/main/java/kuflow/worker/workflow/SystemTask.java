package kuflow.worker.workflow;

import java.util.Map;

/**
 * A task that the worker completes itself.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record SystemTask<D>(String code, Class<D> dataType) {

    /** A task whose data is a map. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public static SystemTask<Map<String, Object>> untyped(String code) {
        return new SystemTask<>(code, (Class<Map<String, Object>>) (Class) Map.class);
    }
}
