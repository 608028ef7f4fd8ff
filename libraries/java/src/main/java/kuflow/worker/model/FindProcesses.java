package kuflow.worker.model;

import java.util.List;
import java.util.UUID;

/** Filters of a search for processes. */
public final class FindProcesses extends Find<FindProcesses> {

    public FindProcesses processDefinitionIds(UUID... ids) {
        return with("processDefinitionIds", List.of(ids));
    }

    public FindProcesses processDefinitionCodes(String... codes) {
        return with("processDefinitionCodes", List.of(codes));
    }

    public FindProcesses states(Process.State... states) {
        return with("states", List.of(states));
    }

    public FindProcesses initiatorIds(UUID... ids) {
        return with("initiatorIds", List.of(ids));
    }

    public FindProcesses initiatorEmails(String... emails) {
        return with("initiatorEmails", List.of(emails));
    }

    /** Expressions such as {@code amount between 10 20}. They need exactly one process definition. */
    public FindProcesses metadata(String... expressions) {
        return with("metadata", List.of(expressions));
    }
}
