package kuflow.worker.internal;

import io.temporal.activity.Activity;
import io.temporal.activity.DynamicActivity;
import io.temporal.common.converter.EncodedValues;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * KuFlow's activities, with the names, fields and failures of KuFlow's own libraries, so that workflows written for those libraries run
 * unchanged. Each is one call of KuFlow's API.
 */
public class KuFlowActivities implements DynamicActivity {

    private final KuFlowCalls kuflow;
    private volatile List<String> registered = types();

    public KuFlowActivities(KuFlowCalls kuflow) {
        this.kuflow = kuflow;
    }

    public static List<String> types() {
        Collection<OperationCall> operations = OperationCall.ALL.values();
        return operations.stream().map(OperationCall::activityType).sorted().toList();
    }

    /** Sets the types of all activities of this worker, including those of the project. */
    public void setRegistered(List<String> types) {
        registered = types;
    }

    @Override
    @SuppressWarnings("unchecked")
    public @Nullable Object execute(EncodedValues arguments) {
        String type = Activity.getExecutionContext().getInfo().getActivityType();
        OperationCall operation = OperationCall.ofActivity(type);
        if (operation == null) {
            // The message of Temporal's SDK, which passes every unknown activity to this one.
            throw new IllegalArgumentException("Activity Type \"" + type
                    + "\" is not registered with a worker. Known types are: " + String.join(", ", registered));
        }
        Map<String, Object> payload = arguments.getSize() == 0 ? Map.of() : arguments.get(0, Map.class);
        Map<String, Object> request = operation.read(payload);
        if (request.containsKey("processItemId")) {
            MDC.put(ItemContext.LOG_FIELD, request.get("processItemId").toString());
        }
        Object result = kuflow.call(operation, request);
        return result == null ? Map.of() : Map.of(operation.declared().result(), result);
    }
}
