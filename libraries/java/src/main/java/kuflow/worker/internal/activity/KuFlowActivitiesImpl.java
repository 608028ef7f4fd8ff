package kuflow.worker.internal.activity;

import java.util.Map;
import kuflow.worker.KuFlowClient;
import kuflow.worker.model.FindBusinessArtifacts;
import kuflow.worker.model.FindProcessItems;
import kuflow.worker.model.FindProcesses;
import kuflow.worker.model.KuFlowActivities;
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

/** KuFlow's activities, each of which is one call of the client. */
public class KuFlowActivitiesImpl implements KuFlowActivities {

    private final KuFlowClient kuflow;

    public KuFlowActivitiesImpl(KuFlowClient kuflow) {
        this.kuflow = kuflow;
    }

    @Override
    public OfPrincipal retrievePrincipal(PrincipalId request) {
        return new OfPrincipal(kuflow.retrievePrincipal(request.principalId()));
    }

    @Override
    public OfTenantUser retrieveTenantUser(TenantUserId request) {
        return new OfTenantUser(kuflow.retrieveTenantUser(request.tenantUserId()));
    }

    @Override
    public OfProcesses findProcesses(FindProcesses request) {
        return new OfProcesses(kuflow.findProcesses(request));
    }

    @Override
    public OfProcess retrieveProcess(ProcessId request) {
        return new OfProcess(kuflow.retrieveProcess(request.processId()));
    }

    @Override
    public Map<String, Object> deleteProcess(ProcessId request) {
        kuflow.deleteProcess(request.processId());
        return Map.of();
    }

    @Override
    public OfProcess updateProcessEntity(ProcessEntity request) {
        return new OfProcess(kuflow.updateProcessEntity(request.processId(), request.entity()));
    }

    @Override
    public OfProcess patchProcessEntity(ProcessPatch request) {
        return new OfProcess(kuflow.patchProcessEntity(request.processId(), request.jsonPatch()));
    }

    @Override
    public OfProcess updateProcessMetadata(ProcessMetadata request) {
        return new OfProcess(kuflow.updateProcessMetadata(request.processId(), request.metadata()));
    }

    @Override
    public OfProcess patchProcessMetadata(ProcessPatch request) {
        return new OfProcess(kuflow.patchProcessMetadata(request.processId(), request.jsonPatch()));
    }

    @Override
    public OfProcess changeProcessInitiator(ProcessInitiator request) {
        return new OfProcess(
                kuflow.changeProcessInitiator(request.processId(), request.initiatorId(), request.initiatorEmail()));
    }

    @Override
    public OfProcessAction createProcessAction(CreateProcessAction request) {
        return new OfProcessAction(kuflow.createProcessAction(request));
    }

    @Override
    public OfProcessAction retrieveProcessAction(ProcessActionId request) {
        return new OfProcessAction(kuflow.retrieveProcessAction(request.processId(), request.processActionId()));
    }

    @Override
    public OfProcessAction cancelProcessAction(ProcessActionId request) {
        return new OfProcessAction(kuflow.cancelProcessAction(request.processId(), request.processActionId()));
    }

    @Override
    public OfProcessItems findProcessItems(FindProcessItems request) {
        return new OfProcessItems(kuflow.findProcessItems(request));
    }

    @Override
    public OfProcessItem retrieveProcessItem(ProcessItemId request) {
        return new OfProcessItem(kuflow.retrieveProcessItem(request.processItemId()));
    }

    @Override
    public OfProcessItem createProcessItem(CreateProcessItem request) {
        return new OfProcessItem(kuflow.createProcessItem(request));
    }

    @Override
    public OfProcessItem completeProcessItemTask(ProcessItemId request) {
        return new OfProcessItem(kuflow.completeProcessItemTask(request.processItemId()));
    }

    @Override
    public OfProcessItem claimProcessItemTask(ProcessItemId request) {
        return new OfProcessItem(kuflow.claimProcessItemTask(request.processItemId()));
    }

    @Override
    public OfProcessItem assignProcessItemTask(ProcessItemOwner request) {
        return new OfProcessItem(
                kuflow.assignProcessItemTask(request.processItemId(), request.ownerId(), request.ownerEmail()));
    }

    @Override
    public OfProcessItem updateProcessItemTaskData(ProcessItemData request) {
        return new OfProcessItem(kuflow.updateProcessItemTaskData(request.processItemId(), request.data()));
    }

    @Override
    public OfProcessItem patchProcessItemTaskData(ProcessItemPatch request) {
        return new OfProcessItem(kuflow.patchProcessItemTaskData(request.processItemId(), request.jsonPatch()));
    }

    @Override
    public OfProcessItem appendProcessItemTaskLog(ProcessItemLog request) {
        return new OfProcessItem(
                kuflow.appendProcessItemTaskLog(request.processItemId(), request.message(), request.level()));
    }

    @Override
    public OfProcessItem updateProcessItemTaskContextData(ProcessItemData request) {
        return new OfProcessItem(kuflow.updateProcessItemTaskContextData(request.processItemId(), request.data()));
    }

    @Override
    public OfAiAssistance generateProcessItemAiAssistance(ProcessItemAiAssistance request) {
        return new OfAiAssistance(kuflow.generateProcessItemAiAssistance(request.processItemId(), request.requestId()));
    }

    @Override
    public OfAiAssistance retrieveProcessItemAiAssistance(ProcessItemId request) {
        return new OfAiAssistance(kuflow.retrieveProcessItemAiAssistance(request.processItemId()));
    }

    @Override
    public OfProcess cancelProcessItems(CancelProcessItems request) {
        return new OfProcess(kuflow.cancelProcessItems(request.processId(), request.processItemIds()));
    }

    @Override
    public OfBusinessArtifacts findBusinessArtifacts(FindBusinessArtifacts request) {
        return new OfBusinessArtifacts(kuflow.findBusinessArtifacts(request));
    }

    @Override
    public OfBusinessArtifact createBusinessArtifact(CreateBusinessArtifact request) {
        return new OfBusinessArtifact(kuflow.createBusinessArtifact(request));
    }

    @Override
    public OfBusinessArtifact retrieveBusinessArtifact(BusinessArtifactId request) {
        return new OfBusinessArtifact(kuflow.retrieveBusinessArtifact(request.businessArtifactId()));
    }

    @Override
    public Map<String, Object> deleteBusinessArtifact(BusinessArtifactId request) {
        kuflow.deleteBusinessArtifact(request.businessArtifactId());
        return Map.of();
    }

    @Override
    public OfBusinessArtifact updateBusinessArtifact(BusinessArtifactData request) {
        return new OfBusinessArtifact(kuflow.updateBusinessArtifact(request.businessArtifactId(), request.data()));
    }

    @Override
    public OfBusinessArtifact patchBusinessArtifact(BusinessArtifactPatch request) {
        return new OfBusinessArtifact(kuflow.patchBusinessArtifact(request.businessArtifactId(), request.jsonPatch()));
    }

    @Override
    public OfBusinessArtifactAction createBusinessArtifactAction(CreateBusinessArtifactAction request) {
        return new OfBusinessArtifactAction(kuflow.createBusinessArtifactAction(request));
    }

    @Override
    public OfBusinessArtifactAction retrieveBusinessArtifactAction(BusinessArtifactActionId request) {
        return new OfBusinessArtifactAction(kuflow.retrieveBusinessArtifactAction(
                request.businessArtifactId(), request.businessArtifactActionId()));
    }

    @Override
    public OfBusinessArtifactAction cancelBusinessArtifactAction(BusinessArtifactActionId request) {
        return new OfBusinessArtifactAction(
                kuflow.cancelBusinessArtifactAction(request.businessArtifactId(), request.businessArtifactActionId()));
    }

    @Override
    public OfCreateArtifactPrepare prepareBusinessArtifactCreateArtifact(BusinessArtifactActionCode request) {
        return new OfCreateArtifactPrepare(kuflow.prepareBusinessArtifactActionCreateArtifact(
                request.businessArtifactId(), request.businessArtifactActionDefinitionCode()));
    }

    @Override
    public OfActionCreateArtifactPrepare prepareBusinessArtifactActionCreateArtifact(
            BusinessArtifactActionCode request) {
        return new OfActionCreateArtifactPrepare(kuflow.prepareBusinessArtifactActionCreateArtifact(
                request.businessArtifactId(), request.businessArtifactActionDefinitionCode()));
    }

    @Override
    public OfActionStartProcessPrepare prepareBusinessArtifactActionStartProcess(BusinessArtifactActionCode request) {
        return new OfActionStartProcessPrepare(kuflow.prepareBusinessArtifactActionStartProcess(
                request.businessArtifactId(), request.businessArtifactActionDefinitionCode()));
    }
}
