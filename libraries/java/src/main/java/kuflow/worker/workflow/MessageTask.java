package kuflow.worker.workflow;

import org.jspecify.annotations.Nullable;

/**
 * A message. {@code D} is the type of its data.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record MessageTask<D>(String code) {

    /** The content of a message: text, data, or both, for example {@code content -> content.text("Done").data(data)}. */
    public static final class Content<D> {

        Owner owner = Owner.NOBODY;

        @Nullable
        String text;

        @Nullable
        D data;

        @Nullable
        String dataStructureCode;

        Content() {}

        /** The author of the message. */
        public Content<D> owner(Owner owner) {
            this.owner = owner;
            return this;
        }

        public Content<D> text(String text) {
            this.text = text;
            return this;
        }

        public Content<D> data(D data) {
            this.data = data;
            return this;
        }

        /** The code of the data structure. Default: the message's code. */
        public Content<D> dataStructureCode(String dataStructureCode) {
            this.dataStructureCode = dataStructureCode;
            return this;
        }
    }
}
