package kuflow.worker.internal.workflow;

import io.temporal.workflow.Workflow;
import java.util.UUID;

/**
 * Time-ordered IDs from the workflow's time and randomness. They are the same in every replay, so that creating an item is
 * idempotent.
 */
public final class Uuid7 {

    private Uuid7() {}

    public static UUID next() {
        UUID random = Workflow.randomUUID();
        long high = Workflow.currentTimeMillis() << 16 | 0x7000 | random.getMostSignificantBits() & 0x0fff;
        return new UUID(high, random.getLeastSignificantBits());
    }
}
