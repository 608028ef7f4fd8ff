package kuflow.worker.testing;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the connection to the local KuFlow")
class LocalConnectionTest {

    @Test
    @DisplayName("reports an error whether its body is KuFlow's JSON or any other text")
    void problems() {
        assertThat(LocalConnection.problemOf("{\"message\": \"no\", \"errors\": [{\"message\": \"why\"}]}"))
                .isEqualTo("no; why");
        assertThat(LocalConnection.problemOf("upstream closed")).isEqualTo("upstream closed");
        assertThat(LocalConnection.problemOf("")).isEmpty();
    }
}
