package kuflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the command line")
class KuFlowWorkerTest {

    @Test
    @DisplayName("refuses secrets, which other users can read there, and accepts all other settings")
    void settings() {
        assertThat(KuFlowWorker.findProblem(List.of("--kuflow.api.client-secret=x")))
                .contains("--kuflow.api.client-secret cannot be set on the command line. Use its environment variable,"
                        + " or application-local.yaml");
        assertThat(KuFlowWorker.findProblem(List.of("--temporal.kuflow-queue=KEYS", "--spring.profiles.active=dev")))
                .isEmpty();
        assertThat(KuFlowWorker.findProblem(List.of("--chek"))).contains("Unknown option --chek");
        assertThat(KuFlowWorker.findProblem(List.of("--json"))).contains("--json requires --check");
    }
}
