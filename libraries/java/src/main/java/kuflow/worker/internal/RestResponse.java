package kuflow.worker.internal;

import java.net.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/**
 * A successful response of KuFlow.
 *
 * @param body null if the response has no body
 */
public record RestResponse<T>(@Nullable T body, HttpHeaders headers) {}
