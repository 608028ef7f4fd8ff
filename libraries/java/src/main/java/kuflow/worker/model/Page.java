package kuflow.worker.model;

import java.util.List;

public record Page<T>(Metadata metadata, List<T> content) {

    public record Metadata(int size, int page, long totalElements, int totalPages) {}
}
