package kuflow.worker.workflow;

import io.temporal.activity.ActivityInterface;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.Map;

/** The workflow of a process that a test runs, and its tasks. */
@WorkflowInterface
public interface Trial {

    @WorkflowMethod(name = "Trial")
    WorkflowResponse run(WorkflowRequest request);

    HumanTask<Review> REVIEW = new HumanTask<>("REVIEW", Review.class);
    HumanTask<Map<String, Object>> SECOND = HumanTask.untyped("SECOND");
    SystemTask<Check> CHECK = new SystemTask<>("CHECK", Check.class);

    SignalAction<Void> WITHDRAW = SignalAction.withoutInput("WITHDRAW", "Act");
    SignalAction<Review> ADJUST = new SignalAction<>("ADJUST", "Act", Review.class);

    record Review(boolean ok) {}

    record Check(Object score) {}

    @ActivityInterface
    interface Activities {
        Check check(String text);
    }
}
