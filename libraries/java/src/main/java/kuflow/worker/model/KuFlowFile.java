package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/** A document, represented in KuFlow's data by a value in the {@code kuflow-file} format. */
public record KuFlowFile(@JsonValue String value) {

    @JsonCreator
    public KuFlowFile {}

    /** {@code size} is in bytes, {@code type} is the media type. */
    public static KuFlowFile of(String uri, String type, long size, String name) {
        return new KuFlowFile(ValueFields.format(
                "kuflow-file", "uri", uri, "type", type, "size", String.valueOf(size), "name", name));
    }

    /** {@code ku:process/…/document/…} */
    public String uri() {
        return fields().required("uri");
    }

    /** The media type. */
    public String type() {
        return fields().required("type");
    }

    /** The size in bytes. */
    public long size() {
        return fields().number("size");
    }

    public String name() {
        return fields().required("name");
    }

    private ValueFields fields() {
        return ValueFields.parse("kuflow-file", value);
    }

    @Override
    public String toString() {
        return value;
    }
}
