package kuflow.worker.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.temporal.activity.ActivityInterface;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("workflow code")
class WorkflowCodeTest {

    @Test
    @DisplayName(
            "that is not deterministic is found with file and line, also in methods that it calls, but not in activities")
    void findsViolations() {
        assertThatThrownBy(() -> new WorkflowCode(
                                new ClassFileImporter()
                                        .importClasses(
                                                RandomWorkflow.class,
                                                RandomWorkflowImpl.class,
                                                Helper.class,
                                                RandomActivities.class),
                                "kuflow.worker")
                        .checkDeterminism())
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("randomUUID")
                .hasMessageContaining("(WorkflowCodeTest.java:")
                .hasMessageContaining("use Workflow.currentTimeMillis()")
                .hasMessageContaining("use Workflow.sleep()")
                .hasMessageContaining("RandomWorkflowImpl.runs is shared by all workflows")
                .hasMessageNotContaining("nanoTime");
    }

    @WorkflowInterface
    interface RandomWorkflow {
        @WorkflowMethod
        String run();
    }

    static class RandomWorkflowImpl implements RandomWorkflow {

        static int runs;

        @Override
        public String run() {
            return Workflow.randomUUID()
                    + UUID.randomUUID().toString()
                    + Helper.now()
                    + Workflow.newActivityStub(RandomActivities.class).time();
        }
    }

    static final class Helper {

        static String now() {
            Runnable pause = () -> {
                try {
                    Thread.sleep(1);
                } catch (InterruptedException interrupted) {
                    throw new IllegalStateException(interrupted);
                }
            };
            pause.run();
            return Instant.now().toString();
        }
    }

    @ActivityInterface
    interface RandomActivities {
        default long time() {
            return System.nanoTime();
        }
    }
}
