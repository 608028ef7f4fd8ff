package kuflow.worker.internal;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JavaType;
import io.temporal.activity.Activity;
import io.temporal.activity.ActivityExecutionContext;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import kuflow.worker.RestError;
import kuflow.worker.RestError.Details;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;

/** A client for KuFlow's REST API with the credentials of the application. Each call is repeated once at most. */
public final class RestClient {

    private static final Logger LOGGER = LoggerFactory.getLogger(RestClient.class);

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration TRANSFER_TIMEOUT = Duration.ofMinutes(10);
    private static final Duration MAX_RETRY_DELAY = Duration.ofSeconds(3);
    /** As long as the longest pause between two attempts of an activity, so that no header parks a process for a day. */
    private static final Duration MAX_RETRY_AFTER = Duration.ofMinutes(5);

    private final String endpoint;
    private final UUID clientId;
    private volatile String authorization;
    private final @Nullable String proxyAuthorization;
    private final HttpClient http;
    private final WorkerMetrics metrics;

    public RestClient(WorkerSettings settings, WorkerMetrics metrics) {
        this.endpoint = settings.api().endpoint().toString();
        this.clientId = settings.api().clientId();
        this.authorization = authorizationWith(settings.api().clientSecret());
        this.metrics = metrics;
        Optional<HttpProxy> proxy = proxyFor(settings);
        this.proxyAuthorization = proxy.map(HttpProxy::authorization).orElse(null);
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_TIMEOUT)
                // Without it, the JVM's own proxy properties would apply.
                .proxy(proxy.map(found -> ProxySelector.of(found.address())).orElse(HttpClient.Builder.NO_PROXY));
        String ca = settings.api().ca();
        if (ca != null) {
            builder.sslContext(TrustedRoots.contextIncluding(ca));
        }
        this.http = builder.build();
    }

    /** Takes effect from the next call on. */
    public void useClientSecret(Secret secret) {
        authorization = authorizationWith(secret);
    }

    private String authorizationWith(Secret secret) {
        return "Basic " + HttpHeaders.encodeBasicAuth(clientId.toString(), secret.reveal(), StandardCharsets.UTF_8);
    }

    public static Optional<HttpProxy> proxyFor(WorkerSettings settings) {
        URI endpoint = settings.api().endpoint();
        int defaultPort = "http".equals(endpoint.getScheme()) ? 80 : 443;
        return HttpProxy.forHost(
                settings, endpoint.getHost(), endpoint.getPort() < 0 ? defaultPort : endpoint.getPort());
    }

    /**
     * Sends a request and reads the response as JSON.
     *
     * @throws RestError if KuFlow does not respond with a success
     */
    public <T> RestResponse<T> call(RestRequest request, Class<T> type) {
        return call(request, KuFlowJson.mapper().constructType(type));
    }

    <T> RestResponse<T> call(RestRequest request, JavaType type) {
        long startedAt = System.nanoTime();
        return withRetry(request, () -> {
            HttpResponse<String> response = send(request, null, startedAt);
            return new RestResponse<>(this.<T>parse(request, response, type), response.headers());
        });
    }

    /**
     * Writes the body of the response to a file.
     *
     * @throws RestError if KuFlow does not respond with a success
     */
    public void download(RestRequest request, Path target) {
        long startedAt = System.nanoTime();
        withRetry(request, () -> send(request, target, startedAt));
    }

    /** The body of the response is empty if it was written to a file. */
    private HttpResponse<String> send(RestRequest request, @Nullable Path target, long startedAt) {
        boolean isTransfer = target != null || request.file() != null;
        CompletableFuture<HttpResponse<String>> pending = http.sendAsync(
                toHttp(request, isTransfer),
                // An error response is never written to the file.
                info -> target != null && isSuccess(info.statusCode())
                        ? BodySubscribers.mapping(
                                BodySubscribers.ofFile(target, CREATE, WRITE, TRUNCATE_EXISTING), path -> "")
                        : BodySubscribers.ofString(StandardCharsets.UTF_8));
        Duration limit = isTransfer ? TRANSFER_TIMEOUT : RESPONSE_TIMEOUT.plus(BODY_TIMEOUT);
        long deadline = System.nanoTime() + limit.toNanos();
        if (request.timeout() != null) {
            deadline = Math.min(deadline, startedAt + request.timeout().toNanos());
        }
        HttpResponse<String> response = await(request, pending, deadline);
        int status = response.statusCode();
        metrics.restCall(request.operation(), String.valueOf(status));
        if (isSuccess(status)) {
            return response;
        }
        throw rejected(request, response);
    }

    private <T> T await(RestRequest request, CompletableFuture<T> pending, long deadline) {
        // While a call is in progress, its activity sends heartbeats, which end the call if the activity is canceled.
        Runnable heartbeat = heartbeat();
        try {
            while (true) {
                long left = deadline - System.nanoTime();
                try {
                    return pending.get(Math.max(0, Math.min(left, TimeUnit.SECONDS.toNanos(1))), TimeUnit.NANOSECONDS);
                } catch (TimeoutException stillWaiting) {
                    if (left <= 0) {
                        throw noResponse(request, stillWaiting);
                    }
                    heartbeat.run();
                }
            }
        } catch (ExecutionException failed) {
            Throwable cause = failed.getCause();
            throw noResponse(request, cause == null ? failed : cause);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw noResponse(request, interrupted);
        } finally {
            // Closes the connection if the call is still in progress.
            pending.cancel(true);
        }
    }

    /** Sends a heartbeat of the current activity, and throws if the activity has been canceled. Does nothing elsewhere. */
    private static Runnable heartbeat() {
        ActivityExecutionContext activity;
        try {
            activity = Activity.getExecutionContext();
        } catch (IllegalStateException notInAnActivity) {
            return () -> {};
        }
        // Keeps the progress that the activity has reported with its own heartbeats.
        return () ->
                activity.heartbeat(activity.getHeartbeatDetails(Object.class).orElse(null));
    }

    private HttpRequest toHttp(RestRequest request, boolean isTransfer) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(
                        URI.create(endpoint + request.path() + formatQuery(request)))
                .timeout(isTransfer ? TRANSFER_TIMEOUT : RESPONSE_TIMEOUT)
                .header("Authorization", authorization)
                .header("Accept", "application/json, application/octet-stream")
                .header("User-Agent", UserAgent.value())
                .method(request.method(), toBody(request));
        if (proxyAuthorization != null) {
            builder.header("Proxy-Authorization", proxyAuthorization);
        }
        if (request.body() != null || request.file() != null) {
            builder.header("Content-Type", request.contentType());
        }
        return builder.build();
    }

    private BodyPublisher toBody(RestRequest request) {
        try {
            if (request.file() != null) {
                return BodyPublishers.ofFile(request.file());
            }
            return request.body() == null
                    ? BodyPublishers.noBody()
                    : BodyPublishers.ofByteArray(KuFlowJson.mapper().writeValueAsBytes(request.body()));
        } catch (FileNotFoundException | JsonProcessingException unusable) {
            throw new IllegalArgumentException(address(request) + ": the body cannot be sent", unusable);
        }
    }

    private <T> @Nullable T parse(RestRequest request, HttpResponse<String> response, JavaType type) {
        String text = textOf(response);
        if (text.isEmpty()) {
            return null;
        }
        try {
            return KuFlowJson.mapper().readValue(text, type);
        } catch (JsonProcessingException unexpected) {
            // The message of the exception quotes the body, which may contain form data.
            String message =
                    "%s: %d with a body that is not the expected JSON; check that the endpoint is a KuFlow API";
            throw RestError.unexpected(message.formatted(address(request), response.statusCode()), request.operation());
        }
    }

    /** The JDK returns no body if a proxy refuses the connection. */
    private static String textOf(HttpResponse<@Nullable String> response) {
        String body = response.body();
        return body == null ? "" : body;
    }

    private RestError rejected(RestRequest request, HttpResponse<String> response) {
        int status = response.statusCode();
        // Redirects are not followed, and must not be mistaken for success.
        if (status < 400) {
            String target = response.headers()
                    .firstValue("location")
                    .map(RestClient::originOf)
                    .orElse("");
            String message = "%s: %d%s is not a KuFlow API response; check the endpoint";
            return RestError.unexpected(message.formatted(address(request), status, target), request.operation());
        }
        Details details = parseDetails(textOf(response));
        String reason = details == null || details.message() == null ? "" : " " + details.message();
        String message = address(request) + ": " + status + reason;
        if (status < 500) {
            LOGGER.atError()
                    .addKeyValue("operation", request.operation())
                    .addKeyValue("status", status)
                    .log("KuFlow rejected a call: {}", message);
        }
        return RestError.status(
                message,
                request.operation(),
                status,
                details,
                response.headers()
                        .firstValue("retry-after")
                        .map(RestClient::parseRetryAfter)
                        .orElse(null));
    }

    private RestError noResponse(RestRequest request, Throwable cause) {
        metrics.restCall(request.operation(), "error");
        boolean timedOut = cause instanceof TimeoutException || cause instanceof HttpTimeoutException;
        // The JDK's exception for this has no message.
        String reason = cause instanceof ConnectException ? "no response (could not connect)" : "no response";
        return RestError.noResponse(address(request) + ": " + reason, request.operation(), timedOut, cause);
    }

    /** Repeats a failed call once, unless that would do harm. */
    private <T> T withRetry(RestRequest request, Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (RestError error) {
            Duration delay = retryDelay(error);
            if (request.once() || delay == null || delay.compareTo(MAX_RETRY_DELAY) > 0) {
                throw error;
            }
            try {
                TimeUnit.NANOSECONDS.sleep(delay.toNanos());
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw error;
            }
            return attempt.get();
        }
    }

    private static @Nullable Duration retryDelay(RestError error) {
        boolean isRetryable = error.status().isEmpty()
                ? error.getCause() instanceof IOException
                : isTemporary(error.status().getAsInt());
        Duration pause = Duration.ofMillis(500 + ThreadLocalRandom.current().nextInt(500));
        return isRetryable ? error.retryAfter().orElse(pause) : null;
    }

    private static boolean isTemporary(int status) {
        return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
    }

    private static boolean isSuccess(int status) {
        return status >= 200 && status < 300;
    }

    private String address(RestRequest request) {
        return request.method() + " " + endpoint + request.path();
    }

    private static String formatQuery(RestRequest request) {
        String query = request.query().entrySet().stream()
                .flatMap(parameter ->
                        parameter.getValue().stream().map(value -> encode(parameter.getKey()) + "=" + encode(value)))
                .collect(Collectors.joining("&"));
        return query.isEmpty() ? "" : "?" + query;
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static @Nullable Details parseDetails(String text) {
        try {
            return KuFlowJson.mapper().readValue(text, Details.class);
        } catch (JsonProcessingException notFromKuFlow) {
            return null;
        }
    }

    /** Leaves out the path and query of a redirect, which may contain secrets. */
    private static String originOf(String location) {
        try {
            URI uri = URI.create(location);
            return uri.getHost() == null ? "" : " to " + uri.getScheme() + "://" + uri.getAuthority();
        } catch (IllegalArgumentException notAnAddress) {
            return "";
        }
    }

    private static @Nullable Duration parseRetryAfter(String header) {
        try {
            Duration wait = header.matches("\\d{1,9}")
                    ? Duration.ofSeconds(Long.parseLong(header))
                    : Duration.between(
                            Instant.now(),
                            ZonedDateTime.parse(header, DateTimeFormatter.RFC_1123_DATE_TIME)
                                    .toInstant());
            if (wait.isNegative()) {
                return Duration.ZERO;
            }
            return wait.compareTo(MAX_RETRY_AFTER) > 0 ? MAX_RETRY_AFTER : wait;
        } catch (DateTimeException invalid) {
            return null;
        }
    }
}
