package kuflow.worker.workflow;

import io.temporal.workflow.Workflow;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A task that a person completes.
 *
 * @param code the code of its process item definition in KuFlow
 */
public record HumanTask<D>(String code, Class<D> dataType) {

    /** A task whose data is a map. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public static HumanTask<Map<String, Object>> untyped(String code) {
        return new HumanTask<>(code, (Class<Map<String, Object>>) (Class) Map.class);
    }

    /** Options for a human task, for example {@code options -> options.owner(owner).data(data)}. */
    public static final class Options<D> {

        Owner owner = Owner.NOBODY;

        @Nullable
        Object data;

        @Nullable
        Object contextData;

        @Nullable
        Instant deadline;

        Consumer<TaskHandle<D>> onDeadline = task -> {};

        Options() {}

        /** Assigns the task to this owner when the task is created. */
        public Options<D> owner(Owner owner) {
            this.owner = owner;
            return this;
        }

        /** The data that the task form shows initially. Fields that are not set stay empty. */
        public Options<D> data(D data) {
            this.data = data;
            return this;
        }

        /** Data that the task form can show. */
        public Options<D> contextData(Object contextData) {
            this.contextData = contextData;
            return this;
        }

        /**
         * Calls {@code onDeadline} once if the task is still open after this duration. The task stays open, unless {@code onDeadline}
         * cancels it. If the task is completed while {@code onDeadline} is running, {@code onDeadline} is canceled.
         *
         * @param after the duration, measured from this call
         */
        public Options<D> deadline(Duration after, Consumer<TaskHandle<D>> onDeadline) {
            return deadline(Instant.ofEpochMilli(Workflow.currentTimeMillis()).plus(after), onDeadline);
        }

        /** Calls {@code onDeadline} once if the task is still open at this time. */
        public Options<D> deadline(Instant deadline, Consumer<TaskHandle<D>> onDeadline) {
            this.deadline = deadline;
            this.onDeadline = onDeadline;
            return this;
        }
    }
}
