package kuflow.worker.workflow;

import java.util.Map;

/**
 * A task of the process that a person completes.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record HumanTask<D>(String code, Class<D> dataType) {

    /** A task whose data is a map. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public static HumanTask<Map<String, Object>> untyped(String code) {
        return new HumanTask<>(code, (Class<Map<String, Object>>) (Class) Map.class);
    }
}
