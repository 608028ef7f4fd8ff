package kuflow.worker.project;

import io.temporal.activity.ActivityInterface;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptor;
import io.temporal.common.interceptors.ActivityInboundCallsInterceptorBase;
import io.temporal.common.interceptors.WorkerInterceptorBase;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptor;
import io.temporal.common.interceptors.WorkflowInboundCallsInterceptorBase;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import kuflow.worker.workflow.KuFlowProcess;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;

/** What a project adds to its worker, as the README of this library describes it. */
@SpringBootApplication
@EnableConfigurationProperties(Project.OwnSettings.class)
public class Project {

    public static final List<String> EVENTS = new CopyOnWriteArrayList<>();
    public static final CountDownLatch WORKING = new CountDownLatch(1);
    public static final CountDownLatch GOING_ON = new CountDownLatch(1);

    @ConfigurationProperties("app.ledger")
    public record OwnSettings(String url, Duration patience) {}

    /** A resource that is open as long as the worker runs. Spring closes it. */
    public static class Ledger implements AutoCloseable {

        private final String url;
        private boolean isClosed;

        Ledger(String url) {
            this.url = url;
            EVENTS.add("opened");
        }

        String book() {
            WORKING.countDown();
            try {
                GOING_ON.await();
            } catch (InterruptedException interrupted) {
                throw new IllegalStateException(interrupted);
            }
            EVENTS.add(isClosed ? "too late" : "booked");
            return url;
        }

        @Override
        public void close() {
            isClosed = true;
            EVENTS.add("closed");
        }
    }

    public static class Recorder extends WorkerInterceptorBase {

        @Override
        public WorkflowInboundCallsInterceptor interceptWorkflow(WorkflowInboundCallsInterceptor next) {
            return new WorkflowInboundCallsInterceptorBase(next) {
                @Override
                public WorkflowOutput execute(WorkflowInput input) {
                    EVENTS.add("workflow");
                    return super.execute(input);
                }
            };
        }

        @Override
        public ActivityInboundCallsInterceptor interceptActivity(ActivityInboundCallsInterceptor next) {
            return new ActivityInboundCallsInterceptorBase(next) {
                @Override
                public ActivityOutput execute(ActivityInput input) {
                    EVENTS.add("activity");
                    return super.execute(input);
                }
            };
        }
    }

    @ActivityInterface
    public interface Booking {
        String book();
    }

    @WorkflowInterface
    public interface BookingWorkflow {
        @WorkflowMethod
        String run(String account);
    }

    public static class BookingWorkflowImpl implements BookingWorkflow {
        @Override
        public String run(String account) {
            return KuFlowProcess.activities(Booking.class).book();
        }
    }

    @Bean
    Ledger ledger(OwnSettings settings) {
        return new Ledger(settings.url());
    }

    @Bean
    Booking booking(Ledger ledger) {
        return ledger::book;
    }

    @Bean
    Recorder recorder() {
        return new Recorder();
    }
}
