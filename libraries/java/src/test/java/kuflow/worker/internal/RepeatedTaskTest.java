package kuflow.worker.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import kuflow.worker.Logged;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("a repeated task")
class RepeatedTaskTest {

    @Test
    @DisplayName("goes on after an error")
    void error() throws Exception {
        CountDownLatch runs = new CountDownLatch(2);
        try (Logged logged = new Logged(RepeatedTask.class);
                RepeatedTask task = RepeatedTask.start("test-task", () -> {
                    runs.countDown();
                    if (runs.getCount() > 0) {
                        throw new AssertionError("broken");
                    }
                    return Duration.ofHours(1);
                })) {
            assertThat(runs.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(task).isNotNull();
            assertThat(logged.containing("test-task")).hasSize(1);
        }
    }
}
