package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.temporal.failure.ApplicationFailure;
import java.util.stream.Stream;
import kuflow.worker.RestError;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

@DisplayName("the reason of a failure")
class FailureReasonTest {

    @TestFactory
    Stream<DynamicTest> redaction() {
        return Stream.of(
                reason(
                        "hides quotes and addresses",
                        "No customer \"Erika Muster\" for erika@example.com",
                        "No customer … for …"),
                reason(
                        "keeps apostrophes",
                        "The server doesn't answer, so it isn't used",
                        "The server doesn't answer, so it isn't used"),
                reason("hides long numbers", "Status 503 for account 12 3456 7890", "Status 503 for account …"),
                reason(
                        "keeps the host of a URL",
                        "GET https://u:p@bank.example.com/erika?token=abc failed",
                        "GET https://bank.example.com failed"),
                reason(
                        "hides values and keys",
                        "password=hunter2 is wrong for 4fd7a2c9e1b08d36aa",
                        "password=… is wrong for …"),
                reason(
                        "keeps a status",
                        "status=500, statusCode=404 for name=Ada status=Ada",
                        "status=500, statusCode=404 for name=… status=…"),
                reason("has one line", "First line\n    at secret (file.ts:1:1)", "First line"),
                reason("has at most 300 characters", "x".repeat(1_000), "x".repeat(299) + "…"));
    }

    private static DynamicTest reason(String title, String message, String expected) {
        return DynamicTest.dynamicTest(
                title,
                () -> assertThat(TaskFailures.reasonOf(new RuntimeException(message)))
                        .isEqualTo(expected));
    }

    @Test
    @DisplayName("names the type of the error")
    void types() {
        ApplicationFailure invalid =
                ApplicationFailure.newFailure("/birthdays/2026-01-01 must be a date", Redaction.INVALID_TASK_DATA);
        assertThat(TaskFailures.reasonOf(invalid)).isEqualTo("InvalidTaskData: /birthdays/2026-01-01 must be a date");
        assertThat(TaskFailures.reasonOf(ApplicationFailure.newNonRetryableFailure("No such loan", "UnknownLoan")))
                .isEqualTo("UnknownLoan: No such loan");
        assertThat(TaskFailures.reasonOf(new IllegalStateException("closed")))
                .isEqualTo("IllegalStateException: closed");
        assertThat(TaskFailures.reasonOf(new NullPointerException())).isEqualTo("NullPointerException");
    }

    @Test
    @DisplayName("names the status and the operation if KuFlow rejects a call")
    void rejected() {
        RestError rejected = RestError.status("PUT https://x/1: 404 Ada", "retrieveProcess", 404, null, null);
        assertThat(TaskFailures.reasonOf(new RuntimeException("wrapped", rejected)))
                .isEqualTo("KuFlow responded with 404 to retrieveProcess");
        assertThat(TaskFailures.reasonOf(RestError.unexpected("no response", "findProcesses")))
                .isEqualTo("KuFlow did not respond to findProcesses");
    }
}
