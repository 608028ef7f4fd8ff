package kuflow.worker.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.uber.m3.tally.NoopScope;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.temporal.common.converter.DefaultDataConverter;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import kuflow.worker.RestError;
import org.jspecify.annotations.Nullable;

/** Connects as the worker does, step by step, up to the first step that fails. */
public final class Check {

    private static final Duration REST_TIMEOUT = Duration.ofSeconds(45);
    private static final Duration NAMESPACE_TIMEOUT = Duration.ofSeconds(20);
    private static final String DENIED = Status.Code.PERMISSION_DENIED.name();

    private final Consumer<Step> report;
    private final Instant deadline;
    private final double limitSeconds;
    private final Clock clock = Clock.systemUTC();
    private final List<Step> steps = new ArrayList<>();

    private static final List<String> STEPS =
            List.of("settings", "rest", "token", "certificate", "connect", "namespace");

    /** @param status ok, failed, unknown or skipped */
    public record Step(String step, String status, String detail) {}

    /** @param status 0: connected, 1: failed, 2: invalid settings, 4: inconclusive */
    public record Result(int status, List<Step> steps) {}

    private record Outcome<T>(T value, String status, String detail) {

        static <T> Outcome<T> ok(T value, String detail) {
            return new Outcome<>(value, "ok", detail);
        }
    }

    /** A step that did not succeed. Its cause is the reason. */
    private static final class StepFailure extends Exception {

        private static final long serialVersionUID = 1L;

        StepFailure(Throwable cause) {
            super(cause);
        }
    }

    private Check(Consumer<Step> report, Instant startedAt, double limitSeconds) {
        this.report = report;
        this.deadline = startedAt.plusMillis((long) (limitSeconds * 1_000));
        this.limitSeconds = limitSeconds;
    }

    /**
     * Runs the check.
     *
     * @param report is called after each step
     * @param startedAt when this process started
     * @param limitSeconds a step without a result this long after the start of the process is {@code unknown}
     */
    public static Result run(
            Supplier<WorkerSettings> load, Consumer<Step> report, Instant startedAt, double limitSeconds) {
        return new Check(report, startedAt, limitSeconds).run(load);
    }

    private Result run(Supplier<WorkerSettings> load) {
        try {
            WorkerSettings settings = step("settings", () -> loadSettings(load));
            RestClient rest = step("rest", () -> callRest(settings));
            Authentication authentication = new Authentication(rest, settings, clock);
            EngineToken token = step("token", () -> requestToken(authentication));
            EngineIdentity identity = step("certificate", () -> findIdentity(settings, authentication));
            try (EngineConnection connection = step("connect", () -> connect(settings, identity, token))) {
                step("namespace", () -> describeNamespace(connection));
            }
            return new Result(0, steps);
        } catch (StepFailure failure) {
            STEPS.stream().skip(steps.size()).forEach(name -> add(name, "skipped", "an earlier step failed"));
            int status = isTimeout(failure.getCause()) ? 4 : 1;
            return new Result(failure.getCause() instanceof SettingsException ? 2 : status, steps);
        }
    }

    private static Outcome<WorkerSettings> loadSettings(Supplier<WorkerSettings> load) {
        WorkerSettings settings = load.get();
        return Outcome.ok(
                settings,
                "queue %s, %s, %s"
                        .formatted(
                                settings.temporal().kuflowQueue(),
                                settings.api().endpoint(),
                                settings.temporal().target()));
    }

    private static Outcome<RestClient> callRest(WorkerSettings settings) {
        RestClient rest = new RestClient(settings, new WorkerMetrics(new SimpleMeterRegistry()));
        RestRequest request = RestRequest.of("findProcesses", "GET", "/processes")
                .query("size", 1)
                .timeout(REST_TIMEOUT);
        rest.call(request, JsonNode.class);
        return Outcome.ok(rest, "credentials accepted" + describe(RestClient.proxyFor(settings)));
    }

    private static Outcome<EngineToken> requestToken(Authentication authentication) {
        EngineToken token = authentication.requestToken();
        return Outcome.ok(token, "valid until " + token.expiresAt());
    }

    private Outcome<EngineIdentity> findIdentity(WorkerSettings settings, Authentication authentication) {
        EngineIdentity identity =
                EngineIdentity.fromSettings(settings, clock.instant()).orElseGet(authentication::requestCertificate);
        if (!identity.validTo().isAfter(clock.instant())) {
            throw new IllegalStateException("expired at " + identity.validTo());
        }
        String source = switch (identity.source()) {
            case API -> "requested from KuFlow";
            case FILES -> "from the files";
            case DATA -> "from inline data";
        };
        return Outcome.ok(
                identity,
                "%s, valid until %s, namespace %s".formatted(source, identity.validTo(), identity.namespace()));
    }

    private static Outcome<EngineConnection> connect(
            WorkerSettings settings, EngineIdentity identity, EngineToken token) {
        EngineConnection connection = new EngineConnection(
                settings,
                identity,
                () -> "Bearer " + token.value().reveal(),
                EngineConnection.clientName(),
                DefaultDataConverter.STANDARD_INSTANCE,
                new NoopScope());
        return Outcome.ok(connection, settings.temporal().target() + describe(EngineConnection.proxyFor(settings)));
    }

    private static Outcome<Boolean> describeNamespace(EngineConnection connection) {
        String namespace = connection.client().getOptions().getNamespace();
        Optional<String> restriction = connection.describeNamespace(NAMESPACE_TIMEOUT);
        if (restriction.isEmpty()) {
            return Outcome.ok(true, namespace + " can be read");
        }
        // Temporal's SDK makes the same call when a worker starts, which fails if it is denied.
        if (restriction.get().equals(DENIED)) {
            throw new IllegalStateException(
                    "the engine denies access to the namespace %s (%s); check temporal.namespace and the permissions of the application"
                            .formatted(namespace, DENIED));
        }
        return new Outcome<>(false, "skipped", "the engine restricts this call (%s)".formatted(restriction.get()));
    }

    private static String describe(Optional<HttpProxy> proxy) {
        return proxy.map(used -> ", through the proxy " + used.host() + ":" + used.port())
                .orElse("");
    }

    private <T> T step(String name, Supplier<Outcome<T>> action) throws StepFailure {
        Duration left = Duration.between(clock.instant(), deadline);
        try {
            // A step that hangs must not keep the process alive.
            Outcome<T> outcome = CompletableFuture.supplyAsync(action, work -> Daemons.start("kuflow-check", work))
                    .orTimeout(Math.max(0, left.toMillis()), TimeUnit.MILLISECONDS)
                    .join();
            add(name, outcome.status(), outcome.detail());
            return outcome.value();
        } catch (CompletionException failed) {
            Throwable error = failed.getCause() instanceof TimeoutException ? limitExceeded() : failed.getCause();
            add(name, isTimeout(error) ? "unknown" : "failed", LogErrors.describe(error, false));
            throw new StepFailure(error);
        }
    }

    private TimeoutException limitExceeded() {
        String limit = BigDecimal.valueOf(limitSeconds).stripTrailingZeros().toPlainString();
        return new TimeoutException("no result within the time limit of " + limit + " s");
    }

    private void add(String name, String status, String detail) {
        Step step = new Step(name, status, detail);
        steps.add(step);
        report.accept(step);
    }

    private static boolean isTimeout(@Nullable Throwable error) {
        if (error instanceof EngineConnection.EngineConnectException) {
            return isTimeout(error.getCause());
        }
        if (error instanceof StatusRuntimeException failed) {
            return failed.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED;
        }
        return error instanceof RestError failed ? failed.timedOut() : error instanceof TimeoutException;
    }
}
