package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.temporal.api.common.v1.Payload;
import io.temporal.api.enums.v1.RetryState;
import io.temporal.client.WorkflowOptions;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.ApplicationFailure;
import io.temporal.testing.TestWorkflowEnvironment;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.List;
import java.util.Map;
import kuflow.worker.RestError;
import kuflow.worker.internal.WorkerSettings.LogFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@DisplayName("the log")
class WorkerLogFormatterTest {

    private static final String CANARY = "canary";
    private static final String OWN = Log.PROJECT + ".process.Activities";

    @Test
    @DisplayName("contains one JSON object per line, with process and item")
    void json() {
        List<Map<String, Object>> lines = new Log()
                .json(logger -> logger.atInfo()
                        .addKeyValue("WorkflowId", "p")
                        .addKeyValue("WorkflowType", "LoanWorkflow")
                        .addKeyValue("processItemId", "i")
                        .log("Done\nand done"));

        assertThat(lines)
                .containsExactly(Map.of(
                        "time", "2026-01-01T00:00:00.000Z",
                        "level", "INFO",
                        "message", "Done\nand done",
                        "logger", "test",
                        "processId", "p",
                        "workflowType", "LoanWorkflow",
                        "processItemId", "i"));
    }

    @Test
    @DisplayName("is readable in development")
    void pretty() {
        Log log = new Log(LogFormat.PRETTY, true);
        log.write(logger -> logger.atInfo()
                .addKeyValue("WorkflowId", "p")
                .addKeyValue("TaskQueue", "q")
                .log("Done"));

        assertThat(log.text()).isEqualTo("00:00:00 INFO  Done processId=p\n");
    }

    @Test
    @DisplayName("has the settings errors in its format")
    void settingsErrors() {
        Map<String, Object> reason = Map.of("reason", "kuflow.api.client-id is missing");

        assertThat(Log.parse(WorkerLogFormatter.formatError(LogFormat.JSON, "Settings are invalid", reason)))
                .contains(entry("level", "ERROR"), entry("reason", "kuflow.api.client-id is missing"));
        assertThat(WorkerLogFormatter.formatError(LogFormat.PRETTY, "Settings are invalid", reason))
                .contains("ERROR Settings are invalid reason=kuflow.api.client-id is missing");
    }

    @Test
    @DisplayName("contains extra fields, except those named like secrets or form data, and objects")
    void fields() {
        Map<String, Object> fields = Map.of("orderId", 7, "documentId", "d", "isRetry", true, "durationMs", 5);
        List<String> hidden = List.of(
                "taskToken",
                "apiKey",
                "API_KEY",
                "client-secret",
                "dbPassword2",
                "args",
                "value",
                "formData",
                "errorDetails",
                "input");

        Map<String, Object> line = new Log()
                .json(logger -> {
                    var event = logger.atInfo().addKeyValue("customer", Map.of("name", CANARY));
                    fields.forEach(event::addKeyValue);
                    hidden.forEach(name -> event.addKeyValue(name, CANARY));
                    event.addKeyValue("time", "x").addKeyValue("level", "x").log("Order");
                })
                .get(0);

        assertThat(line).containsAllEntriesOf(fields).doesNotContainKeys("customer", "input");
        assertThat(line.toString()).doesNotContain(CANARY);
        assertThat(line).containsEntry("level", "INFO");
    }

    @Test
    @DisplayName("contains neither secrets nor form data of exceptions")
    void exceptions() {
        Log log = new Log();
        log.write(logger -> {
            logger.error("Failed", ApplicationFailure.newFailure("why", "Type", Map.of("name", CANARY)));
            logger.error("Failed", unreadable(() -> new ObjectMapper().readValue("\"canary\"", Integer.class)));
            logger.error("Failed", unreadable(() -> new ObjectMapper().readValue("[{\"a\": canary}]", List.class)));
            Payload payload =
                    DefaultDataConverter.STANDARD_INSTANCE.toPayload(CANARY).orElseThrow();
            logger.error(
                    "Failed",
                    unreadable(() ->
                            DefaultDataConverter.STANDARD_INSTANCE.fromPayload(payload, Integer.class, Integer.class)));
            logger.info("request headers: authorization=Bearer canary-canary, Basic: canary+canary==");
        });

        assertThat(log.text()).contains("why", "not a valid").doesNotContain(CANARY);
    }

    @Test
    @DisplayName("contains no values in messages of exceptions in activities")
    void values() {
        Throwable error = new IllegalStateException(
                "No policy for 'Ada Lovelace', 1815-12-10",
                new IllegalArgumentException("https://policies.example/policy/DE-4711-9923?name=Ada: 404"));
        Throwable inActivity = withStack(error, OWN, "run", 3);
        withStack(error.getCause(), OWN, "find", 9);
        String described = "IllegalStateException: No policy for …, … "
                + "<- IllegalArgumentException: https://policies.example 404";

        Log log = new Log();
        log.write(logger -> logger.atWarn()
                .addKeyValue("ActivityType", "run")
                .setCause(inActivity)
                .log("Activity failure"));
        assertThat(log.lines())
                .singleElement()
                .satisfies(line -> assertThat(line).containsEntry("error", described));
        assertThat(log.text()).doesNotContain("Ada", "4711", "1815");
    }

    @Test
    @DisplayName(
            "contains no values in messages of activities that a workflow reports, but the messages of KuFlow's errors")
    void valuesInWorkflows() {
        RestError rejected =
                RestError.status("GET https://x/processes/1234567: 404", "retrieveProcess", 404, null, null);
        ActivityFailure failed = new ActivityFailure(
                "Activity task failed",
                1,
                2,
                "check",
                "1",
                RetryState.RETRY_STATE_TIMEOUT,
                "worker",
                ApplicationFailure.newFailure("No policy for 'Ada'", "NoPolicy"));

        List<Map<String, Object>> lines = new Log().json(logger -> {
            logger.atWarn()
                    .addKeyValue("ActivityType", "run")
                    .setCause(rejected)
                    .log("Rejected");
            logger.warn("Workflow failed", failed);
        });

        assertThat(lines)
                .extracting(line -> line.get("error"))
                .containsExactly(
                        "GET https://x/processes/1234567: 404",
                        "ActivityFailure: Activity task failed <- No policy for …");
    }

    @Test
    @DisplayName("contains no form data of a workflow, on any level")
    void anyLevel() {
        Log log = new Log();
        log.capture((Logger) LoggerFactory.getLogger("io"), Level.TRACE, () -> {
            try (TestWorkflowEnvironment environment = TestWorkflowEnvironment.newInstance()) {
                environment.newWorker("queue").registerWorkflowImplementationTypes(EchoImpl.class);
                environment.start();
                WorkflowOptions options =
                        WorkflowOptions.newBuilder().setTaskQueue("queue").build();
                Echo workflow = environment.getWorkflowClient().newWorkflowStub(Echo.class, options);
                assertThat(workflow.echo(CANARY)).isEqualTo(CANARY);
            }
        });

        assertThat(log.text()).contains("DEBUG").doesNotContain(CANARY);
    }

    @Test
    @DisplayName("contains no commands of a workflow that could not be reported")
    void commands() {
        Logger logger = (Logger) LoggerFactory.getLogger("io.temporal.internal.worker.WorkflowWorker");
        Log log = new Log();
        log.capture(logger, Level.DEBUG, () -> logger.debug("Failure. RunId=1, WFTResult=Result{a\n{}", CANARY));

        assertThat(log.text()).contains("Failure. RunId=1").doesNotContain(CANARY);
    }

    @Test
    @DisplayName("escapes control characters in messages from a server")
    void controls() {
        List<Map<String, Object>> lines = new Log()
                .json(logger -> logger.error("Failed", new IllegalStateException("a\033[31m\2332J\u202eb\nc")));

        assertThat(lines.get(0)).containsEntry("error", "IllegalStateException: a\\u{1b}[31m\\u{9b}2J\\u{202e}b\nc");
    }

    @Test
    @DisplayName("explains a nondeterminism error and how to fix it")
    void nonDeterminism() {
        List<Map<String, Object>> lines = new Log()
                .json(logger -> logger.warn("Workflow task failed", new IllegalStateException("[TMPRL1100] x")));

        assertThat(lines).hasSize(2);
        assertThat((String) lines.get(1).get("hint")).contains("Workflow.getVersion");
    }

    @Nested
    @DisplayName("the stack of an exception")
    class Stacks {

        private final IllegalStateException error = withStack(
                new IllegalStateException("failed", withStack(new NullPointerException("no such row"), OWN, "find", 9)),
                OWN,
                "run",
                3);

        @Test
        @DisplayName("is complete in development")
        void development() {
            Log log = new Log(LogFormat.PRETTY, true);
            log.write(logger -> logger.warn("Activity failed", error));

            assertThat(log.text().lines().skip(1))
                    .containsExactly(
                            "    at " + OWN + ".run(Source.java:3)",
                            "    at java.util.List.forEach(Source.java:1)",
                            "  caused by NullPointerException: no such row",
                            "    at " + OWN + ".find(Source.java:9)",
                            "    at java.util.List.forEach(Source.java:1)");
        }

        @Test
        @DisplayName("has only frames of this project in production")
        void production() {
            assertThat(new Log()
                            .json(logger -> logger.warn("Activity failed", error))
                            .get(0))
                    .containsEntry("error", "IllegalStateException: failed <- NullPointerException: no such row")
                    .containsEntry(
                            "stack",
                            String.join(
                                    "\n",
                                    "    at " + OWN + ".run(Source.java:3)",
                                    "  caused by NullPointerException: no such row",
                                    "    at " + OWN + ".find(Source.java:9)"));
        }
    }

    @Nested
    @DisplayName("a failure that happens again")
    class Repeats {

        private final Log log = new Log();

        @Test
        @DisplayName("is logged in full once, once for each other process, and then counted per minute")
        void counted() {
            for (int times = 0; times < 3; times++) {
                fail("p1", "connection to port 1 refused");
            }
            fail("p2", "connection to port 2 refused");
            fail("p2", "connection to port 2 refused");
            log.passMinutes(2);
            fail("p1", "connection to port 1 refused");
            log.passMinutes(1);

            assertThat(log.lines())
                    .extracting(line -> line.get("message"), line -> line.get("processId"), Repeats::hasStack)
                    .containsExactly(
                            tuple("Activity failed", "p1", true),
                            tuple("Activity failed", "p2", false),
                            tuple("Activity failed (again, 3 times in the last minute)", "p2", false),
                            tuple("Activity failed (again, 1 time in the last minute)", "p1", false));
        }

        @Test
        @DisplayName("is logged in full again if it has another reason, or after 10 minutes without it")
        void forgotten() {
            fail("p1", "refused");
            fail("p1", "out of memory");
            log.passMinutes(11);
            assertThat(log.pending).isEmpty();
            fail("p1", "refused");

            assertThat(log.lines()).hasSize(3).allMatch(Repeats::hasStack);
        }

        @Test
        @DisplayName("is remembered only with the latest thousand failures")
        void limit() {
            fail("p1", "refused");
            fail("p1", "refused");
            for (int index = 0; index < 1_000; index++) {
                String letters = Integer.toString(index, 26)
                        .chars()
                        .mapToObj(digit -> "" + (char) (digit + 'A'))
                        .reduce("", String::concat);
                log.write(logger -> logger.error(letters, new IllegalStateException("x")));
            }
            fail("p1", "refused");

            assertThat(log.lines().stream().filter(line -> "p1".equals(line.get("processId"))))
                    .extracting(line -> line.get("message"))
                    .containsExactly(
                            "Activity failed", "Activity failed (again, 1 time in the last minute)", "Activity failed");
        }

        @Test
        @DisplayName("leaves fewer than 100 lines of an outage of 10 minutes")
        void outage() {
            for (int second = 0; second < 600; second++) {
                for (int poller = 1; poller <= 10; poller++) {
                    String thread = "Workflow Poller taskQueue=\"q\", namespace=\"n\": " + poller;
                    log.write(logger -> logger.warn(
                            "Failure in poller thread {}",
                            thread,
                            new IllegalStateException("UNAVAILABLE: io exception")));
                }
                log.write(logger -> logger.warn("Failure in poller", new IllegalStateException("UNAVAILABLE")));
                if (second % 60 == 59) {
                    log.passMinutes(1);
                }
            }

            assertThat(log.lines()).hasSizeBetween(20, 30);
        }

        private void fail(String processId, String reason) {
            Throwable error = withStack(new IllegalStateException(reason), OWN, "run", 3);
            log.write(logger -> logger.atWarn()
                    .addKeyValue("WorkflowId", processId)
                    .addKeyValue("ActivityType", "run")
                    .setCause(error)
                    .log("Activity failed"));
        }

        private static boolean hasStack(Map<String, Object> line) {
            return line.containsKey("stack");
        }
    }

    @WorkflowInterface
    public interface Echo {
        @WorkflowMethod
        String echo(String text);
    }

    public static class EchoImpl implements Echo {
        @Override
        public String echo(String text) {
            return text;
        }
    }

    private interface Reading {
        Object read() throws JsonProcessingException;
    }

    private static Throwable unreadable(Reading reading) {
        try {
            throw new AssertionError(String.valueOf(reading.read()));
        } catch (JsonProcessingException | RuntimeException expected) {
            return expected;
        }
    }

    private static <T extends Throwable> T withStack(T error, String type, String method, int line) {
        error.setStackTrace(new StackTraceElement[] {
            new StackTraceElement(type, method, "Source.java", line),
            new StackTraceElement("java.util.List", "forEach", "Source.java", 1)
        });
        return error;
    }
}
