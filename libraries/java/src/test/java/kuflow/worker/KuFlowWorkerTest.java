package kuflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the command line")
class KuFlowWorkerTest {

    @Test
    @DisplayName("refuses settings, which it would ignore, and accepts properties of Spring")
    void settings() {
        assertThat(KuFlowWorker.findProblem(List.of("--temporal.kuflow-queue=OTHER")))
                .contains("--temporal.kuflow-queue cannot be set on the command line. Use its environment variable, or"
                        + " application.yaml");
        assertThat(KuFlowWorker.findProblem(List.of("--spring.profiles.active=dev", "--server.port=1")))
                .isEmpty();
        assertThat(KuFlowWorker.findProblem(List.of("--chek"))).contains("Unknown option --chek");
        assertThat(KuFlowWorker.findProblem(List.of("--json"))).contains("--json requires --check");
    }
}
