package kuflow.worker.internal.rest;

import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;

public final class Heartbeats {

    private Heartbeats() {}

    /** Sends a heartbeat of the current activity, and throws if the activity has been canceled. Does nothing elsewhere. */
    public static Runnable ofCurrentActivity() {
        ActivityExecutionContext activity;
        try {
            activity = Activity.getExecutionContext();
        } catch (IllegalStateException notInAnActivity) {
            return () -> {};
        }
        // Keeps the progress that the activity has reported with its own heartbeats.
        return () ->
                activity.heartbeat(activity.getHeartbeatDetails(Object.class).orElse(null));
    }
}
