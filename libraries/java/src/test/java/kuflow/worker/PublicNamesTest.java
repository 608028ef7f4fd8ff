package kuflow.worker;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("the public names")
class PublicNamesTest {

    private static final JavaClasses LIBRARY = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("kuflow.worker");

    @Test
    @DisplayName("are these; a change of the list is a change for every project")
    void list() {
        assertThat(namesIn("kuflow.worker"))
                .containsExactly("Documents", "KuFlowClient", "KuFlowOperations", "KuFlowWorker", "RestError");
        assertThat(namesIn("kuflow.worker.workflow"))
                .containsExactly(
                        "ActionRequest",
                        "ActionResponse",
                        "CallRejected",
                        "HumanTask",
                        "KuFlowProcess",
                        "MessageTask",
                        "Owner",
                        "SignalAction",
                        "SystemTask",
                        "SystemTaskHandle",
                        "TaskCancelled",
                        "TaskHandle",
                        "ThreadTask",
                        "UserActionSignal",
                        "WorkflowRequest",
                        "WorkflowResponse");
        assertThat(namesIn("kuflow.worker.model"))
                .containsExactly("KuFlowFile", "KuFlowGroup", "KuFlowPrincipal", "LogLevel");
        assertThat(namesIn("kuflow.worker.testing"))
                .containsExactly(
                        "FakeKuFlow",
                        "LocalKuFlow",
                        "LocalProcess",
                        "Person",
                        "ProcessRun",
                        "Replay",
                        "SampleData",
                        "WorkflowCode");
    }

    @Test
    @DisplayName("are in these packages only; everything else is internal")
    void packages() {
        assertThat(LIBRARY.stream()
                        .filter(IS_PUBLIC)
                        .map(JavaClass::getPackageName)
                        .filter(name -> !name.startsWith("kuflow.worker.internal"))
                        .distinct())
                .containsExactlyInAnyOrder(
                        "kuflow.worker", "kuflow.worker.model", "kuflow.worker.testing", "kuflow.worker.workflow");
    }

    @Test
    @DisplayName("have doc comments")
    void comments() throws IOException {
        for (JavaClass type : LIBRARY) {
            if (IS_PUBLIC.test(type) && !type.getPackageName().startsWith("kuflow.worker.internal")) {
                Path source = Path.of("src/main/java", type.getName().replace('.', '/') + ".java");
                assertThat(Files.readString(source))
                        .as(type.getName())
                        .containsPattern(" \\*/\\n(?:@.*\\n)*public [\\w ]+\\b" + type.getSimpleName() + "\\b");
            }
        }
    }

    private static final Predicate<JavaClass> IS_PUBLIC =
            type -> type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC);

    private static List<String> namesIn(String packageName) {
        return LIBRARY.stream()
                .filter(IS_PUBLIC)
                .filter(type -> type.getPackageName().equals(packageName))
                .map(JavaClass::getSimpleName)
                .sorted()
                .toList();
    }
}
