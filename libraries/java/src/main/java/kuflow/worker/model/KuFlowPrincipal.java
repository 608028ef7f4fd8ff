package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;
import kuflow.worker.KuFlowOperations.Principal;

/** A user or application, represented in KuFlow's data by a value in the {@code kuflow-principal} format. */
public record KuFlowPrincipal(@JsonValue String value) {

    @JsonCreator
    public KuFlowPrincipal {}

    public static KuFlowPrincipal of(UUID id, Principal.Type type, String name) {
        return new KuFlowPrincipal(
                ValueFields.format("kuflow-principal", "id", id.toString(), "type", type.name(), "name", name));
    }

    public UUID id() {
        return fields().uuid("id");
    }

    public Principal.Type type() {
        return Principal.Type.valueOf(fields().required("type"));
    }

    /** The name. Empty if the value does not have one. */
    public String name() {
        return fields().optional("name");
    }

    private ValueFields fields() {
        return ValueFields.parse("kuflow-principal", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
