package kuflow.worker.model;

import java.util.List;

/** A part of the results of a search. */
public record Page<T>(Metadata metadata, List<T> content) {

    public record Metadata(int size, int page, long totalElements, int totalPages) {}
}
