package kuflow.worker.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.List;
import java.util.UUID;
import kuflow.worker.KuFlowOperations.Principal;
import kuflow.worker.internal.KuFlowJson;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Values that refer to documents, principals and groups")
class ValuesTest {

    private static final String NAME = "Übersicht; a=b + c: 50 %.txt";
    private static final UUID ID = UUID.fromString("22222222-2222-4333-8444-555555555555");

    @Test
    @DisplayName("have fields, which may contain any character")
    void fields() {
        KuFlowFile file = KuFlowFile.of("ku:process/1/document/2", "text/plain", 7, NAME);
        assertThat(file.value())
                .isEqualTo("kuflow-file:uri=ku:process/1/document/2;type=text/plain;size=7;"
                        + "name=%C3%9Cbersicht%3B%20a%3Db%20%2B%20c:%2050%20%25.txt;");
        assertThat(file.uri()).isEqualTo("ku:process/1/document/2");
        assertThat(file.type()).isEqualTo("text/plain");
        assertThat(file.size()).isEqualTo(7);
        assertThat(file.name()).isEqualTo(NAME);

        KuFlowPrincipal principal = KuFlowPrincipal.of(ID, Principal.Type.USER, NAME);
        assertThat(principal.id()).isEqualTo(ID);
        assertThat(principal.type()).isEqualTo(Principal.Type.USER);
        assertThat(principal.name()).isEqualTo(NAME);

        KuFlowGroup group = KuFlowGroup.of(ID, "OTHERS", NAME);
        assertThat(group.id()).isEqualTo(ID);
        assertThat(group.type()).isEqualTo("OTHERS");
        assertThat(group.name()).isEqualTo(NAME);
    }

    @Test
    @DisplayName("are rejected with the field that is missing")
    void missingFields() {
        assertThatThrownBy(() -> new KuFlowPrincipal("kuflow-principal:type=USER;name=Ada;").id())
                .hasMessage("Not a kuflow-principal value: it has no id");
        assertThatThrownBy(() -> new KuFlowFile("kuflow-file:uri=x;type=y;size=large;name=z;").size())
                .hasMessage("Not a kuflow-file value: its size is not a number");
        assertThatThrownBy(() -> new KuFlowGroup("kuflow-principal:id=1;type=USER;").type())
                .hasMessage("Not a kuflow-group value");
    }

    record Form(KuFlowFile contract, List<KuFlowPrincipal> signers) {}

    @Test
    @DisplayName("are in JSON the string that KuFlow stores, unchanged")
    void json() throws JsonProcessingException {
        String json =
                "{\"contract\":\"kuflow-file:URI=x;original-name=a+b;\",\"signers\":[\"kuflow-principal:id=1;\"]}";
        Form form = KuFlowJson.mapper().readValue(json, Form.class);
        assertThat(form.contract().uri()).isEqualTo("x");
        assertThat(KuFlowJson.mapper().writeValueAsString(form)).isEqualTo(json);
    }
}
