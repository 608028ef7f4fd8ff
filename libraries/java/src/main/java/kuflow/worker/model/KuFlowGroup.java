package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/** A group of users, represented in KuFlow's data by a value in the {@code kuflow-group} format. */
public record KuFlowGroup(@JsonValue String value) {

    @JsonCreator
    public KuFlowGroup {}

    public static KuFlowGroup of(UUID id, String type, String name) {
        return new KuFlowGroup(ValueFields.format("kuflow-group", "id", id.toString(), "type", type, "name", name));
    }

    public UUID id() {
        return fields().uuid("id");
    }

    public String type() {
        return fields().required("type");
    }

    /** The name. Empty if the value does not have one. */
    public String name() {
        return fields().optional("name");
    }

    private ValueFields fields() {
        return ValueFields.parse("kuflow-group", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
