"""KuFlow's data in REST calls and workflows: dictionaries with KuFlow's own keys. Dates are ISO 8601 strings."""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, Never, NotRequired, TypeAlias, TypedDict, TypeVar

Uuid: TypeAlias = str
JsonObject: TypeAlias = Mapping[str, Any]
Body: TypeAlias = dict[str, Any]

Value = TypeVar("Value")


class JsonValueError(TypedDict):
    propertyPath: NotRequired[str]
    type: NotRequired[str]


class JsonValue(TypedDict, Generic[Value]):
    """A KuFlow JSON value. `valid` and `errors` come from KuFlow and are ignored in requests."""

    value: Value
    valid: NotRequired[bool]
    errors: NotRequired[list[JsonValueError]]


JsonPatchOperation = TypedDict(
    "JsonPatchOperation",
    {
        "op": Literal["add", "remove", "replace", "move", "copy", "test"],
        "path": str,
        "from": NotRequired[str],
        "value": NotRequired[Any],
    },
)


class PageMetadata(TypedDict):
    size: int
    page: int
    totalElements: int
    totalPages: int


class Page(TypedDict, Generic[Value]):
    metadata: PageMetadata
    content: list[Value]


class Audited(TypedDict):
    createdBy: NotRequired[Uuid]
    createdAt: NotRequired[str]
    lastModifiedBy: NotRequired[Uuid]
    lastModifiedAt: NotRequired[str]


class DefinitionRef(TypedDict):
    id: Uuid
    version: NotRequired[Uuid]
    code: str


class PrincipalUser(TypedDict):
    id: Uuid
    email: NotRequired[str]


class PrincipalApplication(TypedDict):
    id: Uuid


class Principal(TypedDict):
    id: Uuid
    type: Literal["USER", "APPLICATION", "SYSTEM"]
    name: NotRequired[str]
    user: NotRequired[PrincipalUser]
    application: NotRequired[PrincipalApplication]


class TenantUser(Audited):
    id: Uuid
    tenantId: Uuid
    principal: Principal
    metadata: NotRequired[JsonValue[dict[str, Any]]]


ProcessState: TypeAlias = Literal["RUNNING", "COMPLETED", "CANCELLED"]


class Process(Audited):
    id: Uuid
    state: ProcessState
    tenantId: Uuid
    initiatorId: NotRequired[Uuid]
    processDefinitionRef: NotRequired[DefinitionRef]
    metadata: NotRequired[JsonValue[dict[str, Any]]]
    entity: NotRequired[JsonValue[dict[str, Any]]]


ProcessItemType: TypeAlias = Literal["TASK", "MESSAGE", "THREAD"]
ProcessItemTaskState: TypeAlias = Literal["READY", "CLAIMED", "COMPLETED", "CANCELLED"]


class ProcessItemTask(TypedDict):
    state: ProcessItemTaskState
    data: NotRequired[JsonValue[dict[str, Any]]]
    contextData: NotRequired[JsonValue[dict[str, Any]]]


class ProcessItemMessage(TypedDict):
    text: NotRequired[str]
    data: NotRequired[JsonValue[dict[str, Any]]]
    dataStructureDataDefinitionCode: NotRequired[str]


class ProcessItem(Audited):
    id: Uuid
    type: ProcessItemType
    processId: Uuid
    tenantId: NotRequired[Uuid]
    ownerId: NotRequired[Uuid]
    processItemDefinitionRef: NotRequired[DefinitionRef]
    task: NotRequired[ProcessItemTask]
    message: NotRequired[ProcessItemMessage]


class ProcessAction(Audited):
    """A user action that was invoked. The field of its type has what it created."""

    id: Uuid
    type: str
    status: Literal["REQUESTED", "COMPLETED", "CANCELED", "ERROR"]
    processActionDefinitionRef: dict[str, str]
    downloadable: NotRequired[dict[str, Any]]
    startRelatedProcess: NotRequired[dict[str, Any]]
    createTask: NotRequired[dict[str, Any]]
    createProcessItemMessage: NotRequired[dict[str, Any]]
    createProcessItemThread: NotRequired[dict[str, Any]]
    sendWorkflowSignal: NotRequired[dict[str, Any]]


class Times(TypedDict):
    requestTime: NotRequired[str]
    requestTimeZone: NotRequired[str]


class WorkflowRequest(Times):
    """The argument that KuFlow passes to a process's workflow."""

    processId: Uuid
    extras: NotRequired[dict[str, Any]]


class WorkflowResponse(TypedDict):
    """The result of a process's workflow."""

    message: str


class UserActionSignal(Times):
    """The signal that KuFlow sends to the workflow for a user action.

    The name of the signal is in the process definition.
    """

    userActionDefinitionCode: str
    requestInstant: NotRequired[str]
    input: NotRequired[Any]


class ActionRequest(WorkflowRequest):
    """The argument that KuFlow passes to a user action's workflow. The action has the same ID as the workflow."""

    userActionId: Uuid
    userActionDefinitionCode: str
    userActionDefinitionType: NotRequired[str]
    requestorPrincipalId: NotRequired[Uuid]


class ActionDocument(TypedDict):
    documentUri: str


class ActionResponse(TypedDict):
    """The result of a user action's workflow: a message, or the document that the action offers for download."""

    message: NotRequired[str]
    downloadable: NotRequired[ActionDocument]


class FindRequest(TypedDict):
    page: NotRequired[int]
    size: NotRequired[int]
    sorts: NotRequired[Sequence[str]]
    tenantIds: NotRequired[Sequence[Uuid]]
    deleted: NotRequired[Literal["EXCLUDE", "INCLUDE", "ONLY"]]


class PatchRequest(TypedDict):
    jsonPatch: Sequence[JsonPatchOperation]


class DataRequest(TypedDict):
    data: JsonValue[JsonObject]


class RetrievePrincipalRequest(TypedDict):
    principalId: Uuid


class RetrieveTenantUserRequest(TypedDict):
    tenantUserId: Uuid


class FindProcessesRequest(FindRequest):
    processDefinitionIds: NotRequired[Sequence[Uuid]]
    processDefinitionCodes: NotRequired[Sequence[str]]
    states: NotRequired[Sequence[ProcessState]]
    initiatorIds: NotRequired[Sequence[Uuid]]
    initiatorEmails: NotRequired[Sequence[str]]
    metadata: NotRequired[Sequence[str]]


class ProcessRequest(TypedDict):
    processId: Uuid


class UpdateProcessEntityRequest(ProcessRequest):
    entity: JsonValue[JsonObject]


class UpdateProcessMetadataRequest(ProcessRequest):
    metadata: JsonValue[JsonObject]


class PatchProcessRequest(ProcessRequest, PatchRequest):
    pass


class ChangeProcessInitiatorRequest(ProcessRequest):
    """Requires one of ID and email address."""

    initiatorId: NotRequired[Uuid]
    initiatorEmail: NotRequired[str]


class CreateProcessActionRequest(ProcessRequest):
    id: NotRequired[Uuid]
    processActionDefinitionCode: str
    createTask: NotRequired[JsonObject]
    createProcessItemMessage: NotRequired[JsonObject]
    startRelatedProcess: NotRequired[JsonObject]
    sendWorkflowSignal: NotRequired[JsonObject]


class ProcessActionRequest(ProcessRequest):
    processActionId: Uuid


class FindProcessItemsRequest(FindRequest):
    processIds: NotRequired[Sequence[Uuid]]
    types: NotRequired[Sequence[ProcessItemType]]
    taskStates: NotRequired[Sequence[ProcessItemTaskState]]
    processItemDefinitionCodes: NotRequired[Sequence[str]]
    processDefinitionIds: NotRequired[Sequence[Uuid]]
    processDefinitionCodes: NotRequired[Sequence[str]]


class CreateProcessItemRequestTask(TypedDict):
    data: NotRequired[JsonValue[JsonObject]]
    contextData: NotRequired[JsonValue[JsonObject]]


class CreateProcessItemRequestMessage(TypedDict):
    text: NotRequired[str]
    data: NotRequired[JsonValue[JsonObject]]
    dataStructureDataDefinitionCode: NotRequired[str]


class CreateProcessItemRequest(ProcessRequest):
    id: Uuid
    type: ProcessItemType
    processItemThreadId: NotRequired[Uuid]
    ownerId: NotRequired[Uuid]
    ownerEmail: NotRequired[str]
    processItemDefinitionCode: NotRequired[str]
    task: NotRequired[CreateProcessItemRequestTask]
    message: NotRequired[CreateProcessItemRequestMessage]


class ProcessItemRequest(TypedDict):
    processItemId: Uuid


class AssignProcessItemTaskRequest(ProcessItemRequest):
    """Requires one of ID and email address."""

    ownerId: NotRequired[Uuid]
    ownerEmail: NotRequired[str]


class UpdateProcessItemTaskDataRequest(ProcessItemRequest, DataRequest):
    pass


class PatchProcessItemTaskDataRequest(ProcessItemRequest, PatchRequest):
    pass


class AppendProcessItemTaskLogRequest(ProcessItemRequest):
    message: str
    level: Literal["INFO", "WARN", "ERROR"]


class GenerateProcessItemAiAssistanceRequest(ProcessItemRequest):
    requestId: Uuid


class CancelProcessItemsRequest(ProcessRequest):
    processItemIds: NotRequired[Sequence[Uuid]]


class FindBusinessArtifactsRequest(FindRequest):
    businessArtifactDefinitionIds: NotRequired[Sequence[Uuid]]
    businessArtifactDefinitionCodes: NotRequired[Sequence[str]]
    values: NotRequired[Sequence[str]]


class CreateBusinessArtifactRequest(TypedDict):
    """Requires one of ID and code of the definition."""

    id: NotRequired[Uuid]
    businessArtifactDefinitionId: NotRequired[Uuid]
    businessArtifactDefinitionCode: NotRequired[str]
    tenantId: NotRequired[Uuid]
    data: NotRequired[JsonValue[JsonObject]]


class BusinessArtifactRequest(TypedDict):
    businessArtifactId: Uuid


class UpdateBusinessArtifactRequest(BusinessArtifactRequest, DataRequest):
    pass


class PatchBusinessArtifactRequest(BusinessArtifactRequest, PatchRequest):
    pass


class BusinessArtifactActionCodeRequest(BusinessArtifactRequest):
    businessArtifactActionDefinitionCode: str


class CreateBusinessArtifactActionRequest(BusinessArtifactActionCodeRequest):
    id: NotRequired[Uuid]
    startWorkflow: NotRequired[JsonObject]
    downloadable: NotRequired[JsonObject]
    startProcess: NotRequired[JsonObject]
    createArtifact: NotRequired[JsonObject]


class BusinessArtifactActionRequest(BusinessArtifactRequest):
    businessArtifactActionId: Uuid


#: The results of the operations: the body of the response under one key, or nothing.
EmptyResponse: TypeAlias = dict[str, Never]
PrincipalResponse: TypeAlias = dict[Literal["principal"], Principal]
TenantUserResponse: TypeAlias = dict[Literal["tenantUser"], TenantUser]
ProcessesResponse: TypeAlias = dict[Literal["processes"], Page[Process]]
ProcessResponse: TypeAlias = dict[Literal["process"], Process]
ProcessActionResponse: TypeAlias = dict[Literal["processAction"], ProcessAction]
ProcessItemsResponse: TypeAlias = dict[Literal["processItems"], Page[ProcessItem]]
ProcessItemResponse: TypeAlias = dict[Literal["processItem"], ProcessItem]
ProcessItemAiAssistanceResponse: TypeAlias = dict[Literal["processItemAiAssistance"], Body]
BusinessArtifactsResponse: TypeAlias = dict[Literal["businessArtifacts"], Page[Body]]
BusinessArtifactResponse: TypeAlias = dict[Literal["businessArtifact"], Body]
BusinessArtifactActionResponse: TypeAlias = dict[Literal["businessArtifactAction"], Body]
PrepareCreateArtifactResponse: TypeAlias = dict[Literal["businessArtifactCreateArtifactPrepare"], Body]
PrepareActionCreateArtifactResponse: TypeAlias = dict[Literal["businessArtifactActionCreateArtifactPrepare"], Body]
PrepareActionStartProcessResponse: TypeAlias = dict[Literal["businessArtifactActionStartProcessPrepare"], Body]


class CompleteTaskRequest(ProcessItemRequest):
    """For `KuFlow_Worker_completeTask`: validates and saves the data of a system task, and completes the task."""

    code: str
    data: JsonObject


#: From `KuFlow_Worker_retrieveApplication`: the application whose credentials this worker uses.
ApplicationResponse: TypeAlias = dict[Literal["applicationId"], Uuid]
