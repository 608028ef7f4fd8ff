package kuflow.worker.model;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonAnySetter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Filters of a search, which are combined with "and". A filter with several values accepts any of them. */
public abstract class Find<Self extends Find<Self>> {
    private final Map<String, Object> filters = new LinkedHashMap<>();

    public enum Deleted {
        EXCLUDE,
        INCLUDE,
        ONLY
    }

    /** The number of the page. Default: 0, the first one. */
    public Self page(int page) {
        return with("page", page);
    }

    /** The number of results per page, at most 1000. Default: 25. */
    public Self size(int size) {
        return with("size", size);
    }

    /** Properties to sort by, for example {@code createdAt,desc}. */
    public Self sorts(String... sorts) {
        return with("sorts", List.of(sorts));
    }

    public Self tenantIds(UUID... ids) {
        return with("tenantIds", List.of(ids));
    }

    public Self deleted(Deleted deleted) {
        return with("deleted", deleted);
    }

    @JsonAnyGetter
    public Map<String, Object> filters() {
        return filters;
    }

    @JsonAnySetter
    void read(String name, Object value) {
        filters.put(name, value);
    }

    @SuppressWarnings("unchecked")
    final Self with(String name, Object value) {
        filters.put(name, value);
        return (Self) this;
    }
}
