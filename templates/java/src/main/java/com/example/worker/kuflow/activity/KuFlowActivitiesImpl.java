package com.example.worker.kuflow.activity;

import com.example.worker.kuflow.model.FindBusinessArtifacts;
import com.example.worker.kuflow.model.FindProcessItems;
import com.example.worker.kuflow.model.FindProcesses;
import com.example.worker.kuflow.model.KuFlowActivities;
import com.example.worker.kuflow.model.Requests.BusinessArtifactActionCode;
import com.example.worker.kuflow.model.Requests.BusinessArtifactActionId;
import com.example.worker.kuflow.model.Requests.BusinessArtifactData;
import com.example.worker.kuflow.model.Requests.BusinessArtifactId;
import com.example.worker.kuflow.model.Requests.BusinessArtifactPatch;
import com.example.worker.kuflow.model.Requests.CancelProcessItems;
import com.example.worker.kuflow.model.Requests.CreateBusinessArtifact;
import com.example.worker.kuflow.model.Requests.CreateBusinessArtifactAction;
import com.example.worker.kuflow.model.Requests.CreateProcessAction;
import com.example.worker.kuflow.model.Requests.CreateProcessItem;
import com.example.worker.kuflow.model.Requests.PrincipalId;
import com.example.worker.kuflow.model.Requests.ProcessActionId;
import com.example.worker.kuflow.model.Requests.ProcessEntity;
import com.example.worker.kuflow.model.Requests.ProcessId;
import com.example.worker.kuflow.model.Requests.ProcessInitiator;
import com.example.worker.kuflow.model.Requests.ProcessItemAiAssistance;
import com.example.worker.kuflow.model.Requests.ProcessItemData;
import com.example.worker.kuflow.model.Requests.ProcessItemId;
import com.example.worker.kuflow.model.Requests.ProcessItemLog;
import com.example.worker.kuflow.model.Requests.ProcessItemOwner;
import com.example.worker.kuflow.model.Requests.ProcessItemPatch;
import com.example.worker.kuflow.model.Requests.ProcessMetadata;
import com.example.worker.kuflow.model.Requests.ProcessPatch;
import com.example.worker.kuflow.model.Requests.TenantUserId;
import com.example.worker.kuflow.model.Results.OfActionCreateArtifactPrepare;
import com.example.worker.kuflow.model.Results.OfActionStartProcessPrepare;
import com.example.worker.kuflow.model.Results.OfAiAssistance;
import com.example.worker.kuflow.model.Results.OfBusinessArtifact;
import com.example.worker.kuflow.model.Results.OfBusinessArtifactAction;
import com.example.worker.kuflow.model.Results.OfBusinessArtifacts;
import com.example.worker.kuflow.model.Results.OfCreateArtifactPrepare;
import com.example.worker.kuflow.model.Results.OfPrincipal;
import com.example.worker.kuflow.model.Results.OfProcess;
import com.example.worker.kuflow.model.Results.OfProcessAction;
import com.example.worker.kuflow.model.Results.OfProcessItem;
import com.example.worker.kuflow.model.Results.OfProcessItems;
import com.example.worker.kuflow.model.Results.OfProcesses;
import com.example.worker.kuflow.model.Results.OfTenantUser;
import com.example.worker.kuflow.rest.KuFlowClient;
import java.util.Map;
import org.springframework.stereotype.Component;

/** KuFlow's activities, each of which is one call of the client. */
@Component
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
