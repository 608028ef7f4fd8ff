package kuflow.worker.workflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import io.temporal.api.common.v1.RetryPolicy;
import io.temporal.api.history.v1.ActivityTaskScheduledEventAttributes;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.workflow.WorkflowInit;
import java.util.Map;
import kuflow.worker.testing.FakeKuFlow;
import kuflow.worker.testing.Person;
import kuflow.worker.testing.ProcessRun;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("activities")
class ActivityTimeoutsTest {

    public static class TransferWorkflow implements Trial {

        private final KuFlowProcess kuflow;
        private final Activities transfers = KuFlowProcess.transferActivities(Activities.class);

        @WorkflowInit
        public TransferWorkflow(WorkflowRequest request) {
            kuflow = new KuFlowProcess(request);
        }

        @Override
        public WorkflowResponse run(WorkflowRequest request) {
            kuflow.thread(new ThreadTask("DISCUSSION"));
            return new WorkflowResponse(
                    String.valueOf(transfers.check("document").score()));
        }
    }

    public static class Transfers implements Trial.Activities {

        @Override
        public Trial.Check check(String text) {
            return new Trial.Check(1);
        }
    }

    @Test
    @DisplayName("are retried for a year, with a minute for each attempt, and ten for a transfer that sends heartbeats")
    void timeouts() {
        try (FakeKuFlow kuflow = new FakeKuFlow(Person.entering(Map.of()), Map.of());
                ProcessRun run = ProcessRun.start(TransferWorkflow.class, kuflow, new Transfers())) {
            run.result();
            assertThat(scheduled(run, "KuFlow_Engine_CreateProcessItem")).satisfies(activity -> {
                assertRepeatedForYear(activity);
                assertThat(Durations.toMinutes(activity.getStartToCloseTimeout()))
                        .isEqualTo(1);
            });
            assertThat(scheduled(run, "Check")).satisfies(activity -> {
                assertRepeatedForYear(activity);
                assertThat(Durations.toMinutes(activity.getStartToCloseTimeout()))
                        .isEqualTo(10);
                assertThat(Durations.toMinutes(activity.getHeartbeatTimeout())).isEqualTo(1);
            });
        }
    }

    private static void assertRepeatedForYear(ActivityTaskScheduledEventAttributes activity) {
        assertThat(Durations.toDays(activity.getScheduleToCloseTimeout())).isEqualTo(365);
        RetryPolicy retries = activity.getRetryPolicy();
        assertThat(Durations.toMinutes(retries.getMaximumInterval())).isEqualTo(5);
        assertThat(retries.getMaximumAttempts()).isZero();
    }

    private static ActivityTaskScheduledEventAttributes scheduled(ProcessRun run, String type) {
        return run.history().getEvents().stream()
                .filter(HistoryEvent::hasActivityTaskScheduledEventAttributes)
                .map(HistoryEvent::getActivityTaskScheduledEventAttributes)
                .filter(activity -> activity.getActivityType().getName().equals(type))
                .findFirst()
                .orElseThrow();
    }
}
