package kuflow.worker.workflow;

import com.fasterxml.jackson.databind.JsonNode;
import io.temporal.common.converter.DataConverterException;
import io.temporal.common.converter.EncodedValues;
import io.temporal.workflow.Async;
import io.temporal.workflow.DynamicSignalHandler;
import io.temporal.workflow.Workflow;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;

/**
 * The signals of a workflow. One handler receives them all: Temporal delivers buffered signals of unknown types several times
 * when more handlers are registered.
 */
final class Signals {

    private static final String PROCESS_ITEM = "KuFlow_Engine_Signal_Process_Item";
    private static final Set<String> ITEM_TYPES = Set.of("TASK", "MESSAGE", "THREAD");

    private static final Logger LOGGER = Workflow.getLogger(Signals.class);

    private final Map<String, Consumer<EncodedValues>> handlers = new HashMap<>();
    private final Map<String, Map<String, Consumer<UserActionSignal>>> actions = new HashMap<>();
    private final Set<String> ignored = new HashSet<>();

    /** @param onItem called with the ID of each item that has changed */
    Signals(Consumer<UUID> onItem) {
        handlers.put(PROCESS_ITEM, arguments -> itemChanged(arguments, onItem));
        Workflow.registerListener((DynamicSignalHandler) this::receive);
    }

    <P> void handle(String name, Class<P> payload, Consumer<P> handler) {
        handlers.put(name, arguments -> {
            P read;
            try {
                read = arguments.get(0, payload);
            } catch (DataConverterException unreadable) {
                // Its message may contain form data.
                LOGGER.error("Ignored a signal that is not a {}: {}", payload.getSimpleName(), name);
                return;
            }
            handler.accept(read);
        });
    }

    /** The codes of actions distinguish those whose signals have the same name. */
    void handle(SignalAction<?> action, Consumer<UserActionSignal> handler) {
        actions.computeIfAbsent(action.signal(), name -> {
                    Map<String, Consumer<UserActionSignal>> byCode = new HashMap<>();
                    handle(name, UserActionSignal.class, signal -> {
                        String code = signal.userActionDefinitionCode();
                        if (!byCode.containsKey(code)) letWorkflowMethodBegin();
                        byCode.getOrDefault(code, unknown -> ignore(name + " of the action " + code))
                                .accept(signal);
                    });
                    return byCode;
                })
                .put(action.code(), handler);
    }

    private void receive(String name, EncodedValues arguments) {
        if (!handlers.containsKey(name)) letWorkflowMethodBegin();
        Consumer<EncodedValues> handler = handlers.get(name);
        if (handler == null) {
            ignore(name);
            return;
        }
        handler.accept(arguments);
    }

    /** Signals that have already arrived come before the workflow method, which may still set their handlers. */
    private static void letWorkflowMethodBegin() {
        Async.procedure(() -> {}).get();
    }

    private void itemChanged(EncodedValues arguments, Consumer<UUID> onItem) {
        JsonNode signal = arguments.getSize() == 0 ? null : arguments.get(0, JsonNode.class);
        String type = signal == null ? "" : signal.path("type").asText();
        if (!ITEM_TYPES.contains(type)) {
            ignore(PROCESS_ITEM + " of type " + type);
        }
        if (signal == null || !signal.path("id").isTextual()) {
            return;
        }
        try {
            onItem.accept(UUID.fromString(signal.path("id").textValue()));
        } catch (IllegalArgumentException notAnId) {
            ignore(PROCESS_ITEM + " with an invalid ID");
        }
    }

    private void ignore(String signal) {
        if (ignored.add(signal)) {
            LOGGER.warn("Ignored a signal that this workflow does not handle: {}", signal);
        }
    }
}
