package kuflow.worker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import kuflow.worker.internal.Check;
import kuflow.worker.internal.KuFlowJson;
import kuflow.worker.internal.ReplayInput;
import kuflow.worker.internal.SettingsException;
import kuflow.worker.internal.SettingsLoader;
import kuflow.worker.internal.ShutdownSignals;
import kuflow.worker.internal.SpringDefaults;
import kuflow.worker.internal.StartStage;
import kuflow.worker.internal.WorkerLogFormatter;
import kuflow.worker.internal.WorkerSettings;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import kuflow.worker.internal.WorkerTypes;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.context.ApplicationListener;
import org.springframework.core.env.Profiles;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.DefaultResourceLoader;

/** Runs a worker. */
public final class KuFlowWorker {

    private static final String USAGE = """
            Usage: java -jar app.jar [--check [--json]] [--replay] [--spring.profiles.active=dev]

              --check   Check the connection to KuFlow step by step and exit with 0 (connected), 1 (failed), 2 (invalid settings)
                        or 4 (inconclusive). KUFLOW_WORKER_CHECK_SECONDS sets a time limit.
              --json    Print the result of --check as JSON
              --replay  Replay the histories on standard input, for `kuflow replay`

            With the profile dev, the worker prints readable logs, shuts down quickly, and starts even if the health or metrics port
            is in use.
            """;

    private static final String SETTINGS_HELP = """
            To get the settings, use one of these:

              ./kuflow dev exec -- <command>           Run a command, such as this worker, with a local KuFlow
              ./kuflow credentials pull                Get an engine certificate from KuFlow, with the client ID and secret
                                                       from the environment or from ./kuflow login
              ./kuflow credentials exec -- <command>   Run a command with these credentials
            """;

    private static final List<String> OPTIONS = List.of("--check", "--json", "--replay", "--help");
    private static final Pattern SECRET = Pattern.compile("(?i)--(kuflow|temporal)\\.[^=]*(secret|key|proxy)[^=]*=.*");
    private static final String CHECK_SECONDS = "KUFLOW_WORKER_CHECK_SECONDS";
    private static final int INVALID_SETTINGS = 2;

    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final PrintStream ERR = new PrintStream(System.err, true, StandardCharsets.UTF_8);

    private KuFlowWorker() {}

    /**
     * Runs the worker until it is stopped, or checks its connection to KuFlow if the arguments have {@code --check}. Its workflows and
     * activities are those in the package of the application class and below. Ends the JVM with 2 if settings are missing or invalid.
     *
     * @param application the class with {@code @SpringBootApplication}
     * @param args the arguments of {@code main}; those that Spring Boot knows are passed on
     */
    public static void run(Class<?> application, String... args) {
        List<String> options = List.of(args);
        Optional<String> problem = findProblem(options);
        if (problem.isPresent()) {
            ERR.println(problem.get() + "\n\n" + USAGE);
            System.exit(INVALID_SETTINGS);
        } else if (options.contains("--help")) {
            OUT.print(USAGE);
        } else if (options.contains("--check")) {
            System.exit(check(options.contains("--json"), args));
        } else if (options.contains("--replay")) {
            System.exit(replay(application, args));
        } else {
            start(application, args);
        }
    }

    /** What is wrong with the options. */
    static Optional<String> findProblem(List<String> options) {
        for (String option : options) {
            // Other users of this machine can read the command line.
            if (SECRET.matcher(option).matches()) {
                return Optional.of(
                        option.replaceFirst("=.*", "")
                                + " cannot be set on the command line. Use its environment variable, or application-local.yaml");
            }
            // Spring's properties have the form --key=value.
            if (!OPTIONS.contains(option) && !option.matches("--[\\w.\\[\\]-]+=.*")) {
                return Optional.of("Unknown option " + option);
            }
        }
        return options.contains("--json") && !options.contains("--check")
                ? Optional.of("--json requires --check")
                : Optional.empty();
    }

    private static void start(Class<?> worker, String[] args) {
        StartStage stage = new StartStage();
        ShutdownSignals.handle(stage::end);
        boolean development = isDevelopment(args);
        WorkerSettings settings;
        try {
            settings = loadSettings(args);
        } catch (SettingsException invalid) {
            report(invalid, development);
            System.exit(INVALID_SETTINGS);
            return;
        }
        applicationOf(worker, settings, stage, development).run(args);
    }

    static SpringApplication applicationOf(
            Class<?> worker, WorkerSettings settings, StartStage stage, boolean development) {
        SpringApplication application = new SpringApplication(worker);
        application.setDefaultProperties(SpringDefaults.of(settings.worker(), development, worker.getPackageName()));
        application.addInitializers(context -> {
            context.getBeanFactory().registerSingleton("workerSettings", settings);
            context.getBeanFactory().registerSingleton("startStage", stage);
        });
        // Before runners of the application, which may take long while the worker already runs activities.
        application.addListeners((ApplicationListener<ApplicationStartedEvent>) started -> stage.started());
        return application;
    }

    private static int check(boolean json, String... args) {
        // The steps contain all that is known, so the log has nothing to add.
        LoggingSystem.get(KuFlowWorker.class.getClassLoader()).beforeInitialize();
        double limit = parseSeconds(System.getenv().getOrDefault(CHECK_SECONDS, "3600"));
        if (!(limit > 0 && limit <= 3600)) {
            ERR.println(CHECK_SECONDS + " must be a number of seconds greater than 0 and at most 3600");
            return INVALID_SETTINGS;
        }
        Instant startedAt =
                Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
        Check.Result result = Check.run(
                () -> loadSettings(args),
                step -> {
                    if (!json) {
                        OUT.println(formatStep(step));
                    }
                },
                startedAt,
                limit);
        if (json) {
            OUT.println(KuFlowJson.write(result));
        }
        if (result.status() == INVALID_SETTINGS) {
            ERR.print("\n" + SETTINGS_HELP);
        }
        return result.status();
    }

    private static int replay(Class<?> application, String... args) {
        LoggingSystem.get(KuFlowWorker.class.getClassLoader()).beforeInitialize();
        // Workflow code may print data of processes.
        System.setOut(new PrintStream(OutputStream.nullOutputStream()));
        String basePackage = application.getPackageName();
        List<Class<?>> workflows = WorkerTypes.workflowsIn(basePackage, new DefaultResourceLoader());
        try {
            ReplayInput.run(() -> loadSettings(args), workflows, basePackage, System.in, OUT);
            return 0;
        } catch (IOException failed) {
            ERR.println(failed);
            return 1;
        }
    }

    private static String formatStep(Check.Step step) {
        String detail = step.detail().replace("\n", "\n" + " ".repeat(22));
        return "%-8s %-12s %s".formatted(step.status(), step.step(), detail);
    }

    private static double parseSeconds(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException invalid) {
            return Double.NaN;
        }
    }

    private static WorkerSettings loadSettings(String... args) {
        return SettingsLoader.load(Path.of(""), System.getenv(), args);
    }

    private static boolean isDevelopment(String[] args) {
        StandardEnvironment environment = new StandardEnvironment();
        environment.getPropertySources().addFirst(new SimpleCommandLinePropertySource(args));
        return environment.acceptsProfiles(Profiles.of("dev"));
    }

    private static void report(SettingsException invalid, boolean development) {
        String message = "Settings are missing or invalid";
        LogFormat defaultFormat = development ? LogFormat.PRETTY : LogFormat.JSON;
        LogFormat format = invalid.logFormat() == null ? defaultFormat : invalid.logFormat();
        if (format == LogFormat.PRETTY) {
            ERR.print(message + ":\n\n" + invalid.getMessage().indent(2) + "\n" + SETTINGS_HELP);
            return;
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("reason", invalid.getMessage());
        fields.put("hint", SETTINGS_HELP);
        ERR.print(WorkerLogFormatter.formatError(format, message, fields));
    }
}
