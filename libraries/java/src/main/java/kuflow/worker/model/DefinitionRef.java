package kuflow.worker.model;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

public record DefinitionRef(UUID id, @Nullable UUID version, String code) {}
