package kuflow.worker.workflow;

import org.jspecify.annotations.Nullable;

/** The content of a message: text, data, or both. For example {@code content -> content.text("Done").data(data)}. */
public final class MessageContent<D> {

    Owner owner = Owner.NOBODY;

    @Nullable
    String text;

    @Nullable
    D data;

    @Nullable
    String dataStructureCode;

    MessageContent() {}

    /** The author of the message. */
    public MessageContent<D> owner(Owner owner) {
        this.owner = owner;
        return this;
    }

    public MessageContent<D> text(String text) {
        this.text = text;
        return this;
    }

    public MessageContent<D> data(D data) {
        this.data = data;
        return this;
    }

    /** The data structure of the data. Default: the code of the message. */
    public MessageContent<D> dataStructureCode(String dataStructureCode) {
        this.dataStructureCode = dataStructureCode;
        return this;
    }
}
