package kuflow.worker.workflow;

/**
 * A user action that sends a signal to the process's workflow.
 *
 * @param code the code of the action's definition in KuFlow
 * @param signal the name of the signal, which several actions can share
 * @param inputType the type of the action's input, or {@code Void} for an action without input
 */
public record SignalAction<I>(String code, String signal, Class<I> inputType) {

    /** An action without input. */
    public static SignalAction<Void> withoutInput(String code, String signal) {
        return new SignalAction<>(code, signal, Void.class);
    }
}
