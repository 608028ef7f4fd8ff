package kuflow.worker.model;

import java.util.Map;
import java.util.UUID;

/** The results of {@link KuFlowActivities} and {@link WorkerActivities}. */
public final class Results {

    private Results() {}

    public record OfPrincipal(Principal principal) {}

    public record OfTenantUser(TenantUser tenantUser) {}

    public record OfProcesses(Page<Process> processes) {}

    public record OfProcess(Process process) {}

    public record OfProcessAction(Map<String, Object> processAction) {}

    public record OfProcessItems(Page<ProcessItem> processItems) {}

    public record OfProcessItem(ProcessItem processItem) {}

    public record OfAiAssistance(Map<String, Object> processItemAiAssistance) {}

    public record OfBusinessArtifacts(Page<Map<String, Object>> businessArtifacts) {}

    public record OfBusinessArtifact(Map<String, Object> businessArtifact) {}

    public record OfBusinessArtifactAction(Map<String, Object> businessArtifactAction) {}

    public record OfCreateArtifactPrepare(Map<String, Object> businessArtifactCreateArtifactPrepare) {}

    public record OfActionCreateArtifactPrepare(Map<String, Object> businessArtifactActionCreateArtifactPrepare) {}

    public record OfActionStartProcessPrepare(Map<String, Object> businessArtifactActionStartProcessPrepare) {}

    public record OfApplication(UUID applicationId) {}
}
