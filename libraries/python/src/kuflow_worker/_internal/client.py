import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_OID, uuid5

from temporalio import activity
from temporalio.exceptions import ApplicationError

from .documents import Documents
from .model import ProcessItem, Uuid
from .operations import KuFlowOperations, Operation
from .rest_client import RestClient, RestError, RestRequest

Fields = Mapping[str, Any]


class KuFlowClient(KuFlowOperations):
    """A KuFlow client for your own activities, with methods to transfer documents and one method for each of KuFlow's
    activities. The client retries a failed call at most once, and then raises a `RestError`. If an activity
    does not catch the error, Temporal retries the activity.
    """

    def __init__(self, rest: RestClient, application_id: Uuid) -> None:
        self._rest = rest
        self.application_id = application_id
        """The application whose credentials this worker uses. Its ID is its principal ID."""
        self.documents = Documents(rest)

    async def perform(self, operation: Operation[Any, Any], request: Fields) -> Any:
        if operation is KuFlowOperations.create_process_item:
            _validate_process_item(request)
        try:
            return await self._send(operation, request)
        except RestError as error:
            if error.status not in (403, 409) or operation not in ACTIONS:
                raise
            # If this call fails too, the refusal is still the reason.
            item = await self._find_item(request)
            if item is None or not await self._is_done(operation, request, item):
                raise
            return {"processItem": item}

    async def _send(self, operation: Operation[Any, Any], request: Fields) -> dict[str, Any]:
        response = await self._rest.call(_to_call(operation, request))
        if operation.returns is None:
            return {}
        # An empty response does not prove that KuFlow did anything.
        if response.body is None:
            raise RestError(f"{operation.name}: the response has no body", operation=operation.name)
        return {operation.returns: response.body}

    async def _find_item(self, request: Fields) -> ProcessItem | None:
        try:
            return (await self.retrieve_process_item({"processItemId": request["processItemId"]}))["processItem"]
        except RestError:
            return None

    async def _is_done(self, operation: Operation[Any, Any], request: Fields, item: ProcessItem) -> bool:
        """Whether this application has already done what KuFlow refuses, because the first response was lost."""
        state, owner = item.get("task", {}).get("state"), item.get("ownerId")
        if state != ACTIONS[operation] or owner is None:
            return False
        if operation is not KuFlowOperations.assign_process_item_task:
            return owner == self.application_id
        if not _is_missing(request.get("ownerId")):
            return owner == str(request["ownerId"])
        principal = (await self.retrieve_principal({"principalId": owner}))["principal"]
        return principal.get("user", {}).get("email", "").lower() == str(request["ownerEmail"]).lower()


# Actions that cannot be repeated, and the state of the task after each.
ACTIONS: dict[Operation[Any, Any], str] = {
    KuFlowOperations.complete_process_item_task: "COMPLETED",
    KuFlowOperations.claim_process_item_task: "CLAIMED",
    KuFlowOperations.assign_process_item_task: "CLAIMED",
}


def _to_call(operation: Operation[Any, Any], request: Fields) -> RestRequest:
    kind = operation.kind
    # KuFlow's older Python library calls the field `params`.
    fields = {**request, "jsonPatch": request.get("jsonPatch") or request.get("params")}
    in_path = re.findall(r"{(\w+)}", operation.path)
    required = [field for field in operation.body if "!" in field or "|" in field]
    _require_fields(fields, [*in_path, *required, *(["jsonPatch"] if kind == "patch" else [])])

    names = [name for field in operation.body for name in field.removesuffix("!").split("|")]
    if kind == "create":
        names.insert(0, "id")
        if _is_missing(fields.get("id")):
            fields["id"] = _activity_uuid()
    content = {name: fields[name] for name in names if not _is_missing(fields.get(name))} if names else None
    return RestRequest(
        operation=operation.name,
        method=operation.method,
        path=operation.path.format_map({name: quote(str(fields[name]), safe="") for name in in_path}),
        # Activities use plural names for filters; the API uses singular ones.
        query={name.removesuffix("s"): value for name, value in request.items() if name not in in_path}
        if kind == "search"
        else None,
        body=fields["jsonPatch"] if kind == "patch" else content,
        content_type="application/json-patch+json" if kind == "patch" else "application/json",
        once=kind == "once",
    )


def _require_fields(request: Fields, required: Sequence[str]) -> None:
    """Raises a validation failure unless every field has a value. `a|b` requires one of the two."""
    for field in required:
        names = field.removesuffix("!").split("|")
        if all(_is_missing(request.get(name)) for name in names):
            raise _validation_failure(" or ".join(f"'{name}'" for name in names) + " is required")


def _validate_process_item(request: Fields) -> None:
    """Checks the fields that KuFlow requires for the type of a process item."""
    _require_fields(request, ["id", "processId", "type"])
    if request["type"] != "MESSAGE":
        return _require_fields(request, ["processItemDefinitionCode"])
    _require_fields(request, ["message"])
    message = request["message"]
    has_data = not _is_missing(message.get("data"))
    if _is_missing(message.get("text")) and not has_data:
        raise _validation_failure("'message.text' and/or 'message.data' is required for message items")
    if has_data and _is_missing(message.get("dataStructureDataDefinitionCode")):
        raise _validation_failure(
            "'message.dataStructureDataDefinitionCode' is required for message items when 'message.data' is set"
        )


def _validation_failure(message: str) -> ApplicationError:
    """A request that can never succeed. Temporal does not repeat the activity."""
    return ApplicationError(message, type="KuFlowActivities.ValidationFailure", non_retryable=True)


def _is_missing(value: object) -> bool:
    return value is None or value == "" or value == []


def _activity_uuid() -> Uuid:
    """The same in every attempt of an activity."""
    info = activity.info()
    return str(uuid5(NAMESPACE_OID, f"{info.workflow_id}/{info.workflow_run_id}/{info.activity_id}"))
