package kuflow.worker.model;

import java.util.List;
import java.util.UUID;

/** Filters of a search for the items of processes. */
public final class FindProcessItems extends Find<FindProcessItems> {

    public FindProcessItems processIds(UUID... ids) {
        return with("processIds", List.of(ids));
    }

    public FindProcessItems types(ProcessItem.Type... types) {
        return with("types", List.of(types));
    }

    public FindProcessItems taskStates(ProcessItem.TaskState... states) {
        return with("taskStates", List.of(states));
    }

    public FindProcessItems processItemDefinitionCodes(String... codes) {
        return with("processItemDefinitionCodes", List.of(codes));
    }

    public FindProcessItems processDefinitionIds(UUID... ids) {
        return with("processDefinitionIds", List.of(ids));
    }

    public FindProcessItems processDefinitionCodes(String... codes) {
        return with("processDefinitionCodes", List.of(codes));
    }
}
