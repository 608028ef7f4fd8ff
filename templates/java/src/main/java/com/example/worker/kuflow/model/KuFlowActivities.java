package com.example.worker.kuflow.model;

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
import io.temporal.activity.ActivityInterface;
import java.util.Map;

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
