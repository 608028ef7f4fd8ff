package kuflow.worker.internal;

import com.uber.m3.tally.Scope;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.interceptors.WorkerInterceptor;
import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerFactoryOptions;
import io.temporal.worker.WorkerOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.context.ApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.core.env.Profiles;

/**
 * Connects this worker to KuFlow and keeps it connected until Spring stops it or it cannot continue. It starts after the health
 * port and stops before it, which is the default of {@link SmartLifecycle}.
 */
public class EngineLifecycle implements SmartLifecycle, WorkerReadiness {

    private static final Logger LOGGER = LoggerFactory.getLogger(EngineLifecycle.class);

    /** How long a token may have been expired before the worker stops. */
    private static final Duration EXPIRY_GRACE = Duration.ofSeconds(60);

    private static final Duration TOKEN_CHECK_INTERVAL = Duration.ofSeconds(1);
    private static final Duration ENGINE_DEADLINE = Duration.ofSeconds(5);

    private final WorkerSettings settings;
    private final RestClient rest;
    private final WorkerMetrics metrics;
    private final Scope temporalMetrics;
    private final DataConverter converter;
    private final List<WorkerInterceptor> interceptors;
    private final StartStage stage;
    private final ApplicationContext context;
    private final Clock clock = Clock.systemUTC();
    private final List<RepeatedTask> tasks = new ArrayList<>();

    private volatile @Nullable TokenRenewer tokens;
    private volatile @Nullable EngineWatch engine;
    private volatile boolean isDraining;
    private volatile boolean hasFailed;
    private @Nullable EngineConnection connection;
    private @Nullable WorkerFactory workers;
    private @Nullable RepeatedTask registering;

    public EngineLifecycle(
            WorkerSettings settings,
            RestClient rest,
            WorkerMetrics metrics,
            Scope temporalMetrics,
            DataConverter converter,
            List<WorkerInterceptor> interceptors,
            StartStage stage,
            ApplicationContext context) {
        this.settings = settings;
        this.rest = rest;
        this.metrics = metrics;
        this.temporalMetrics = temporalMetrics;
        this.converter = converter;
        this.interceptors = interceptors;
        this.stage = stage;
        this.context = context;
    }

    @Override
    public void start() {
        try {
            startWorker();
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
    }

    private void startWorker() {
        Authentication authentication = new Authentication(rest, settings, clock);
        TokenRenewer renewer = new TokenRenewer(authentication::requestToken, clock, metrics);
        CompletableFuture<EngineIdentity> requested = CompletableFuture.supplyAsync(() ->
                EngineIdentity.fromSettings(settings, clock.instant()).orElseGet(authentication::requestCertificate));
        renewer.start();
        EngineIdentity identity = resultOf(requested);
        String name = EngineConnection.clientName();
        EngineConnection connected =
                new EngineConnection(settings, identity, renewer, name, converter, temporalMetrics);
        connection = connected;

        WorkerTypes types = WorkerTypes.find(context);
        context.getBean(KuFlowActivities.class).setRegistered(types.activityTypes());
        WorkerFactory factory = WorkerFactory.newInstance(
                connected.client(),
                WorkerFactoryOptions.newBuilder()
                        .setWorkerInterceptors(Stream.concat(interceptors.stream(), Stream.of(new KuFlowInterceptor()))
                                .toArray(WorkerInterceptor[]::new))
                        .build());
        workers = factory;
        Worker worker = factory.newWorker(settings.temporal().kuflowQueue(), workerOptions(settings.worker()));
        worker.registerWorkflowImplementationTypes(types.workflows().toArray(Class<?>[]::new));
        worker.registerActivitiesImplementations(types.activities().toArray());
        stage.polls();
        factory.start();

        EngineWatch watch = new EngineWatch(() -> connected.describeNamespace(ENGINE_DEADLINE), clock, metrics);
        String[] arguments = context.getBean(ApplicationArguments.class).getSourceArgs();
        CertificateWatch certificates = new CertificateWatch(
                identity,
                authentication::requestCertificate,
                () -> SettingsLoader.load(Path.of(""), System.getenv(), arguments),
                connected::replaceIdentity,
                clock,
                metrics);
        Registration registration =
                new Registration(rest, settings, name, types.workflowTypes(), types.activityTypes(), metrics);
        tasks.add(RepeatedTask.start("kuflow-token", renewer::renewIfDue));
        tasks.add(RepeatedTask.start("kuflow-token-expiry", () -> stopIfTokenIsLost(renewer)));
        tasks.add(RepeatedTask.start("kuflow-certificate", certificates::check));
        tasks.add(RepeatedTask.start("kuflow-engine-watch", watch::check));
        registering = RepeatedTask.start("kuflow-registration", registration::register);
        engine = watch;
        tokens = renewer;
        LOGGER.atInfo()
                .addKeyValue("target", settings.temporal().target())
                .addKeyValue("namespace", identity.namespace())
                .addKeyValue("port", context.getEnvironment().getProperty("local.server.port", ""))
                .log("Worker started");
    }

    private static <T> T resultOf(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause ? cause : failed;
        }
    }

    private static WorkerOptions workerOptions(WorkerSettings.Worker settings) {
        WorkerOptions.Builder options = WorkerOptions.newBuilder()
                .setDefaultDeadlockDetectionTimeout(EncryptionKeys.DEADLOCK_TIMEOUT.toMillis())
                // Running transfers may complete while the worker drains.
                .setAllowActivityHeartbeatDuringShutdown(true);
        if (settings.maxConcurrentWorkflowTasks() != null) {
            options.setMaxConcurrentWorkflowTaskExecutionSize(settings.maxConcurrentWorkflowTasks());
        }
        if (settings.maxConcurrentActivities() != null) {
            options.setMaxConcurrentActivityExecutionSize(settings.maxConcurrentActivities());
        }
        return options.build();
    }

    private Duration stopIfTokenIsLost(TokenRenewer renewer) {
        boolean isLost = renewer.countExpiredChecks() >= EXPIRY_GRACE.dividedBy(TOKEN_CHECK_INTERVAL);
        if (isLost && !isDraining && !hasFailed) {
            hasFailed = true;
            LOGGER.error(
                    "Stopping the worker: the engine token expired a minute ago and could not be renewed",
                    renewer.lastError());
            // Closes the application and waits for it, so it must not run in a thread that the application stops.
            new Thread(() -> System.exit(1), "kuflow-exit").start();
        }
        return TOKEN_CHECK_INTERVAL;
    }

    /** Stops polling, waits for running tasks and closes the connection. */
    @Override
    public void stop() {
        isDraining = true;
        LOGGER.info("Shutting down: polling has stopped, waiting for running tasks");
        close();
    }

    private void close() {
        isDraining = true;
        // KuFlow must not count on a worker that accepts no more tasks.
        if (registering != null) {
            registering.close();
        }
        if (workers != null) {
            drain(workers);
        }
        tasks.forEach(RepeatedTask::close);
        if (connection != null) {
            connection.close();
        }
        tokens = null;
    }

    /** Activities get 30 s to complete and are then canceled. Everything ends within 45 s; Kubernetes allows 60 s. */
    private void drain(WorkerFactory factory) {
        boolean isDevelopment = context.getEnvironment().acceptsProfiles(Profiles.of("dev"));
        factory.shutdown();
        factory.awaitTermination(isDevelopment ? 2 : 30, TimeUnit.SECONDS);
        if (!factory.isTerminated()) {
            factory.shutdownNow();
            factory.awaitTermination(isDevelopment ? 3 : 15, TimeUnit.SECONDS);
        }
    }

    @Override
    public boolean isRunning() {
        return tokens != null;
    }

    @Override
    public @Nullable String notReady() {
        TokenRenewer renewer = tokens;
        if (isDraining) {
            return "draining";
        }
        if (renewer == null || engine == null) {
            return "starting";
        }
        return renewer.isValid() ? engine.problem().orElse(null) : "engine token expired";
    }
}
