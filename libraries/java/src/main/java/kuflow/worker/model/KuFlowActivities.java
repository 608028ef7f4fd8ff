package kuflow.worker.model;

import io.temporal.activity.ActivityInterface;
import java.util.Map;
import kuflow.worker.model.Requests.BusinessArtifactActionCode;
import kuflow.worker.model.Requests.BusinessArtifactActionId;
import kuflow.worker.model.Requests.BusinessArtifactData;
import kuflow.worker.model.Requests.BusinessArtifactId;
import kuflow.worker.model.Requests.BusinessArtifactPatch;
import kuflow.worker.model.Requests.CancelProcessItems;
import kuflow.worker.model.Requests.CreateBusinessArtifact;
import kuflow.worker.model.Requests.CreateBusinessArtifactAction;
import kuflow.worker.model.Requests.CreateProcessAction;
import kuflow.worker.model.Requests.CreateProcessItem;
import kuflow.worker.model.Requests.PrincipalId;
import kuflow.worker.model.Requests.ProcessActionId;
import kuflow.worker.model.Requests.ProcessEntity;
import kuflow.worker.model.Requests.ProcessId;
import kuflow.worker.model.Requests.ProcessInitiator;
import kuflow.worker.model.Requests.ProcessItemAiAssistance;
import kuflow.worker.model.Requests.ProcessItemData;
import kuflow.worker.model.Requests.ProcessItemId;
import kuflow.worker.model.Requests.ProcessItemLog;
import kuflow.worker.model.Requests.ProcessItemOwner;
import kuflow.worker.model.Requests.ProcessItemPatch;
import kuflow.worker.model.Requests.ProcessMetadata;
import kuflow.worker.model.Requests.ProcessPatch;
import kuflow.worker.model.Requests.TenantUserId;
import kuflow.worker.model.Results.OfActionCreateArtifactPrepare;
import kuflow.worker.model.Results.OfActionStartProcessPrepare;
import kuflow.worker.model.Results.OfAiAssistance;
import kuflow.worker.model.Results.OfBusinessArtifact;
import kuflow.worker.model.Results.OfBusinessArtifactAction;
import kuflow.worker.model.Results.OfBusinessArtifacts;
import kuflow.worker.model.Results.OfCreateArtifactPrepare;
import kuflow.worker.model.Results.OfPrincipal;
import kuflow.worker.model.Results.OfProcess;
import kuflow.worker.model.Results.OfProcessAction;
import kuflow.worker.model.Results.OfProcessItem;
import kuflow.worker.model.Results.OfProcessItems;
import kuflow.worker.model.Results.OfProcesses;
import kuflow.worker.model.Results.OfTenantUser;

/**
 * KuFlow's activities, with the names, fields and failures of KuFlow's own libraries, so that workflows written for those
 * libraries run unchanged.
 */
@ActivityInterface(namePrefix = "KuFlow_Engine_")
public interface KuFlowActivities {

    OfPrincipal retrievePrincipal(PrincipalId request);

    OfTenantUser retrieveTenantUser(TenantUserId request);

    OfProcesses findProcesses(FindProcesses request);

    OfProcess retrieveProcess(ProcessId request);

    Map<String, Object> deleteProcess(ProcessId request);

    OfProcess updateProcessEntity(ProcessEntity request);

    OfProcess patchProcessEntity(ProcessPatch request);

    OfProcess updateProcessMetadata(ProcessMetadata request);

    OfProcess patchProcessMetadata(ProcessPatch request);

    OfProcess changeProcessInitiator(ProcessInitiator request);

    OfProcessAction createProcessAction(CreateProcessAction request);

    OfProcessAction retrieveProcessAction(ProcessActionId request);

    OfProcessAction cancelProcessAction(ProcessActionId request);

    OfProcessItems findProcessItems(FindProcessItems request);

    OfProcessItem retrieveProcessItem(ProcessItemId request);

    OfProcessItem createProcessItem(CreateProcessItem request);

    OfProcessItem completeProcessItemTask(ProcessItemId request);

    OfProcessItem claimProcessItemTask(ProcessItemId request);

    OfProcessItem assignProcessItemTask(ProcessItemOwner request);

    OfProcessItem updateProcessItemTaskData(ProcessItemData request);

    OfProcessItem patchProcessItemTaskData(ProcessItemPatch request);

    OfProcessItem appendProcessItemTaskLog(ProcessItemLog request);

    OfProcessItem updateProcessItemTaskContextData(ProcessItemData request);

    OfAiAssistance generateProcessItemAiAssistance(ProcessItemAiAssistance request);

    OfAiAssistance retrieveProcessItemAiAssistance(ProcessItemId request);

    OfProcess cancelProcessItems(CancelProcessItems request);

    OfBusinessArtifacts findBusinessArtifacts(FindBusinessArtifacts request);

    OfBusinessArtifact createBusinessArtifact(CreateBusinessArtifact request);

    OfBusinessArtifact retrieveBusinessArtifact(BusinessArtifactId request);

    Map<String, Object> deleteBusinessArtifact(BusinessArtifactId request);

    OfBusinessArtifact updateBusinessArtifact(BusinessArtifactData request);

    OfBusinessArtifact patchBusinessArtifact(BusinessArtifactPatch request);

    OfBusinessArtifactAction createBusinessArtifactAction(CreateBusinessArtifactAction request);

    OfBusinessArtifactAction retrieveBusinessArtifactAction(BusinessArtifactActionId request);

    OfBusinessArtifactAction cancelBusinessArtifactAction(BusinessArtifactActionId request);

    // One operation of the API, which older and newer KuFlow libraries name differently.
    OfCreateArtifactPrepare prepareBusinessArtifactCreateArtifact(BusinessArtifactActionCode request);

    OfActionCreateArtifactPrepare prepareBusinessArtifactActionCreateArtifact(BusinessArtifactActionCode request);

    OfActionStartProcessPrepare prepareBusinessArtifactActionStartProcess(BusinessArtifactActionCode request);
}
