package kuflow.worker.model;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The definition of a process or an item. */
public record DefinitionRef(UUID id, @Nullable UUID version, String code) {}
