"""The operations of KuFlow's API that its own libraries offer as activities."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Generic, Literal, TypeAlias, TypeVar, overload

from . import model

Request = TypeVar("Request", bound=Mapping[str, Any])
Response = TypeVar("Response")

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Kind: TypeAlias = Literal["search", "patch", "create", "once"]


class Operation(Generic[Request, Response]):
    """An attribute of `KuFlowOperations` that is used as a method.

    - `path`: `{name}` is a required field of the request.
    - `returns`: the field of the result that holds the body of the response. Without it, the result is empty.
    - `body`: the fields of the body, separated by spaces. `name!` is required, and one of `name|name` is.
    - `kind="search"`: the fields of the request are the query.
    - `kind="patch"`: the body is a JSON Patch.
    - `kind="create"`: adds an ID, the same one in every attempt, so that KuFlow creates only one resource.
    - `kind="once"`: the call must not be repeated.
    """

    name: str
    """KuFlow's name, such as `retrieveProcess`."""

    def __init__(
        self, method: Method, path: str, *, returns: str | None = None, body: str = "", kind: Kind | None = None
    ) -> None:
        self.method: Method = method
        self.path = path
        self.returns = returns
        self.body = body.split()
        self.kind = kind

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = re.sub("_([a-z])", lambda match: match[1].upper(), name)

    @overload
    def __get__(self, instance: None, owner: type) -> "Operation[Request, Response]": ...
    @overload
    def __get__(
        self, instance: "KuFlowOperations", owner: type
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]: ...
    def __get__(self, instance: "KuFlowOperations | None", owner: type) -> Any:
        if instance is None:
            return self
        return lambda request: instance.perform(self, request)


PROCESS = "/processes/{processId}"
PROCESS_ACTION = f"{PROCESS}/actions/{{processActionId}}"
ITEM = "/process-items/{processItemId}"
TASK = f"{ITEM}/task"
ARTIFACT = "/business-artifacts/{businessArtifactId}"
ARTIFACT_ACTION = f"{ARTIFACT}/actions/{{businessArtifactActionId}}"


class KuFlowOperations(ABC):
    """One method for each of KuFlow's activities, with KuFlow's names in snake case."""

    @abstractmethod
    async def perform(self, operation: Operation[Any, Any], request: Mapping[str, Any]) -> Any:
        """Performs one of the operations below."""

    retrieve_principal = Operation[model.RetrievePrincipalRequest, model.PrincipalResponse](
        "GET", "/principals/{principalId}", returns="principal"
    )
    retrieve_tenant_user = Operation[model.RetrieveTenantUserRequest, model.TenantUserResponse](
        "GET", "/tenant-users/{tenantUserId}", returns="tenantUser"
    )

    find_processes = Operation[model.FindProcessesRequest, model.ProcessesResponse](
        "GET", "/processes", returns="processes", kind="search"
    )
    retrieve_process = Operation[model.ProcessRequest, model.ProcessResponse]("GET", PROCESS, returns="process")
    delete_process = Operation[model.ProcessRequest, model.EmptyResponse]("DELETE", PROCESS)
    update_process_entity = Operation[model.UpdateProcessEntityRequest, model.ProcessResponse](
        "PUT", f"{PROCESS}/entity", returns="process", body="entity!"
    )
    patch_process_entity = Operation[model.PatchProcessRequest, model.ProcessResponse](
        "PATCH", f"{PROCESS}/entity", returns="process", kind="patch"
    )
    update_process_metadata = Operation[model.UpdateProcessMetadataRequest, model.ProcessResponse](
        "PUT", f"{PROCESS}/metadata", returns="process", body="metadata!"
    )
    patch_process_metadata = Operation[model.PatchProcessRequest, model.ProcessResponse](
        "PATCH", f"{PROCESS}/metadata", returns="process", kind="patch"
    )
    change_process_initiator = Operation[model.ChangeProcessInitiatorRequest, model.ProcessResponse](
        "POST", f"{PROCESS}/~actions/change-initiator", returns="process", body="initiatorId|initiatorEmail"
    )
    create_process_action = Operation[model.CreateProcessActionRequest, model.ProcessActionResponse](
        "POST",
        f"{PROCESS}/actions",
        returns="processAction",
        body="processActionDefinitionCode! createTask createProcessItemMessage startRelatedProcess sendWorkflowSignal",
        kind="create",
    )
    retrieve_process_action = Operation[model.ProcessActionRequest, model.ProcessActionResponse](
        "GET", PROCESS_ACTION, returns="processAction"
    )
    cancel_process_action = Operation[model.ProcessActionRequest, model.ProcessActionResponse](
        "POST", f"{PROCESS_ACTION}/~actions/cancel", returns="processAction"
    )

    find_process_items = Operation[model.FindProcessItemsRequest, model.ProcessItemsResponse](
        "GET", "/process-items", returns="processItems", kind="search"
    )
    retrieve_process_item = Operation[model.ProcessItemRequest, model.ProcessItemResponse](
        "GET", ITEM, returns="processItem"
    )
    create_process_item = Operation[model.CreateProcessItemRequest, model.ProcessItemResponse](
        "POST",
        "/process-items",
        returns="processItem",
        body="id! processId! type! processItemThreadId ownerId ownerEmail processItemDefinitionCode task message",
    )
    complete_process_item_task = Operation[model.ProcessItemRequest, model.ProcessItemResponse](
        "POST", f"{TASK}/~actions/complete", returns="processItem"
    )
    claim_process_item_task = Operation[model.ProcessItemRequest, model.ProcessItemResponse](
        "POST", f"{TASK}/~actions/claim", returns="processItem"
    )
    assign_process_item_task = Operation[model.AssignProcessItemTaskRequest, model.ProcessItemResponse](
        "POST", f"{TASK}/~actions/assign", returns="processItem", body="ownerId|ownerEmail"
    )
    update_process_item_task_data = Operation[model.UpdateProcessItemTaskDataRequest, model.ProcessItemResponse](
        "PUT", f"{TASK}/data", returns="processItem", body="data!"
    )
    patch_process_item_task_data = Operation[model.PatchProcessItemTaskDataRequest, model.ProcessItemResponse](
        "PATCH", f"{TASK}/data", returns="processItem", kind="patch"
    )
    append_process_item_task_log = Operation[model.AppendProcessItemTaskLogRequest, model.ProcessItemResponse](
        "POST", f"{TASK}/~actions/append-log", returns="processItem", body="level! message!", kind="once"
    )
    update_process_item_task_context_data = Operation[
        model.UpdateProcessItemTaskDataRequest, model.ProcessItemResponse
    ]("PUT", f"{TASK}/context-data", returns="processItem", body="data!")
    generate_process_item_ai_assistance = Operation[
        model.GenerateProcessItemAiAssistanceRequest, model.ProcessItemAiAssistanceResponse
    ]("POST", f"{ITEM}/~actions/ai-assistance", returns="processItemAiAssistance", body="requestId!")
    retrieve_process_item_ai_assistance = Operation[model.ProcessItemRequest, model.ProcessItemAiAssistanceResponse](
        "GET", f"{ITEM}/~actions/ai-assistance", returns="processItemAiAssistance"
    )
    cancel_process_items = Operation[model.CancelProcessItemsRequest, model.ProcessResponse](
        "POST", f"{PROCESS}/~actions/cancel-process-items", returns="process", kind="search"
    )

    find_business_artifacts = Operation[model.FindBusinessArtifactsRequest, model.BusinessArtifactsResponse](
        "GET", "/business-artifacts", returns="businessArtifacts", kind="search"
    )
    create_business_artifact = Operation[model.CreateBusinessArtifactRequest, model.BusinessArtifactResponse](
        "POST",
        "/business-artifacts",
        returns="businessArtifact",
        body="businessArtifactDefinitionId|businessArtifactDefinitionCode tenantId data",
        kind="create",
    )
    retrieve_business_artifact = Operation[model.BusinessArtifactRequest, model.BusinessArtifactResponse](
        "GET", ARTIFACT, returns="businessArtifact"
    )
    delete_business_artifact = Operation[model.BusinessArtifactRequest, model.EmptyResponse]("DELETE", ARTIFACT)
    update_business_artifact = Operation[model.UpdateBusinessArtifactRequest, model.BusinessArtifactResponse](
        "PUT", f"{ARTIFACT}/data", returns="businessArtifact", body="data!"
    )
    patch_business_artifact = Operation[model.PatchBusinessArtifactRequest, model.BusinessArtifactResponse](
        "PATCH", f"{ARTIFACT}/data", returns="businessArtifact", kind="patch"
    )
    create_business_artifact_action = Operation[
        model.CreateBusinessArtifactActionRequest, model.BusinessArtifactActionResponse
    ](
        "POST",
        f"{ARTIFACT}/actions",
        returns="businessArtifactAction",
        body="businessArtifactActionDefinitionCode! startWorkflow downloadable startProcess createArtifact",
        kind="create",
    )
    retrieve_business_artifact_action = Operation[
        model.BusinessArtifactActionRequest, model.BusinessArtifactActionResponse
    ]("GET", ARTIFACT_ACTION, returns="businessArtifactAction")
    cancel_business_artifact_action = Operation[
        model.BusinessArtifactActionRequest, model.BusinessArtifactActionResponse
    ]("POST", f"{ARTIFACT_ACTION}/~actions/cancel", returns="businessArtifactAction")
    # One operation of the API, which older and newer KuFlow libraries name differently.
    prepare_business_artifact_create_artifact = Operation[
        model.BusinessArtifactActionCodeRequest, model.PrepareCreateArtifactResponse
    ](
        "POST",
        f"{ARTIFACT}/~actions/prepare-create-artifact",
        returns="businessArtifactCreateArtifactPrepare",
        body="businessArtifactActionDefinitionCode!",
    )
    prepare_business_artifact_action_create_artifact = Operation[
        model.BusinessArtifactActionCodeRequest, model.PrepareActionCreateArtifactResponse
    ](
        "POST",
        f"{ARTIFACT}/~actions/prepare-create-artifact",
        returns="businessArtifactActionCreateArtifactPrepare",
        body="businessArtifactActionDefinitionCode!",
    )
    prepare_business_artifact_action_start_process = Operation[
        model.BusinessArtifactActionCodeRequest, model.PrepareActionStartProcessResponse
    ](
        "POST",
        f"{ARTIFACT}/~actions/prepare-start-process",
        returns="businessArtifactActionStartProcessPrepare",
        body="businessArtifactActionDefinitionCode!",
    )


# In the order of their definitions.
OPERATIONS: list[Operation[Any, Any]] = [
    operation for operation in vars(KuFlowOperations).values() if isinstance(operation, Operation)
]
