from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from .client import KuFlowClient
from .documents import Documents
from .encryption import KEY_SIZE, EncryptionKeys
from .model import JsonObject, ProcessItem, UserActionSignal
from .operations import Operation
from .turns import Turns
from .values import FileFields, KuFlowFile
from .workflow.task import SignalAction

APPLICATION_ID = "00000000-0000-4000-8000-00000000000a"
TENANT_ID = "00000000-0000-4000-8000-00000000000b"
PERSON_ID = "00000000-0000-4000-8000-00000000000c"
KEY_ID = "00000000-0000-4000-8000-00000000000d"

Input = TypeVar("Input")

#: The states of tasks that are open.
OPEN = ("READY", "CLAIMED")
#: The optional fields that a new item copies from its request.
COPIED_FIELDS = ("ownerId", "message")


@dataclass(frozen=True)
class TaskLog:
    """An entry in a task log."""

    code: str
    level: str
    message: str


#: What a person does with an open task: enter data, cancel the task, or leave it open until the worker checks it again.
Answer = JsonObject | Literal["cancel", "wait"]
#: Gets the code of the task, and what has been logged so far.
Person = Callable[[str, Sequence[TaskLog]], Answer]


class FakeKuFlow(KuFlowClient):
    """An in-memory KuFlow for workflow tests. It is also the client for your own activities.

    `person` is either a function, which is called for each open task that the application does not own, or a mapping
    from task codes to the data that people enter. `metadata` is the process metadata. With `confidential`, the
    process's payloads are encrypted. The class implements the operations that generated projects use.
    """

    def __init__(
        self,
        person: Person | Mapping[str, JsonObject],
        metadata: JsonObject | None = None,
        *,
        confidential: bool = False,
    ) -> None:
        self.application_id = APPLICATION_ID
        #: The key of a confidential process.
        self.key_id = KEY_ID if confidential else None
        self.documents = FakeDocuments()
        self.items: list[ProcessItem] = []
        self.logs: list[TaskLog] = []
        self.metadata = dict(metadata or {})
        self._person: Person = (lambda code, _logs: person.get(code, {})) if isinstance(person, Mapping) else person
        self._client: Client | None = None
        self._turns: Turns | None = None
        self._responses_to_lose = 0

    @property
    def item_codes(self) -> list[str]:
        """The codes of the items, in the order of their creation."""
        return [code_of(item) for item in self.items]

    @property
    def task_states(self) -> dict[str, str]:
        """The states of the tasks by code."""
        return {code_of(item): item["task"]["state"] for item in self.items if "task" in item}

    @property
    def open_tasks(self) -> dict[str, str]:
        """The states of the open tasks by code."""
        return {code: state for code, state in self.task_states.items() if state in OPEN}

    def connect(self, client: Client, turns: Turns) -> None:
        self._client = client
        self._turns = turns

    def lose_responses(self, number: int) -> None:
        """Loses the responses to the next creations: the items exist, but the calls fail."""
        self._responses_to_lose = number

    async def act(self, process_id: str, action: SignalAction[Input], input: Input | None = None) -> None:
        """Invokes a user action on a process, which sends its signal to the workflow."""
        now = request_time()
        signal: UserActionSignal = {
            "userActionDefinitionCode": action.code,
            "requestTime": now,
            "requestTimeZone": "UTC",
            "requestInstant": now,
        }
        if input is not None:
            signal["input"] = input
        await self.signal(process_id, action.signal, signal)

    async def signal(self, process_id: str, name: str, payload: object) -> None:
        """Sends a signal to the workflow of a process. For the signal of a user action, use `act`."""
        if self._client is None or self._turns is None:
            return
        handle = self._client.get_workflow_handle(process_id)
        await self._turns.take(process_id, lambda: handle.signal(name, payload))

    async def perform(self, operation: Operation[Any, Any], request: Mapping[str, Any]) -> Any:
        match operation.name:
            case "createProcessItem":
                return {"processItem": await self._create_item(request)}
            case "retrieveProcess":
                pass
            case "updateProcessMetadata":
                self.metadata = dict(request["metadata"]["value"])
            case "patchProcessMetadata":
                for change in request["jsonPatch"]:
                    self._patch_metadata(change)
            case "cancelProcessItems":
                for item in self.items:
                    if item["id"] in request.get("processItemIds", []) and item.get("task", {}).get("state") in OPEN:
                        item["task"]["state"] = "CANCELLED"
            case _:
                return {"processItem": await self._change_item(operation.name, request)}
        metadata = {"valid": True, "value": self.metadata}
        process = {"id": request["processId"], "state": "RUNNING", "tenantId": TENANT_ID, "metadata": metadata}
        return {"process": {**process, "createdAt": "2026-01-01T00:00:00Z"}}

    async def _create_item(self, request: Mapping[str, Any]) -> ProcessItem:
        item = next((item for item in self.items if item["id"] == request["id"]), None)
        if item is None:
            code = request["processItemDefinitionCode"]
            required = {name: request[name] for name in ("id", "type", "processId")}
            optional = {name: request[name] for name in COPIED_FIELDS if name in request}
            item = cast(ProcessItem, {**required, **optional, "processItemDefinitionRef": {"id": code, "code": code}})
            if item["type"] == "TASK":
                item["task"] = {"state": "CLAIMED" if "ownerId" in item else "READY"}
            self.items.append(item)
        if self._responses_to_lose > 0:
            self._responses_to_lose -= 1
            raise ConnectionError("The response is lost")
        # The signal comes before the response, which can happen with KuFlow too.
        await self._ask(item)
        return item

    async def _change_item(self, operation: str, request: Mapping[str, Any]) -> ProcessItem:
        item = next((item for item in self.items if item["id"] == request.get("processItemId")), None)
        if item is None or "task" not in item:
            raise ApplicationError(f"not supported in tests: {operation}", non_retryable=True)
        match operation:
            case "retrieveProcessItem":
                await self._ask(item)
            case "updateProcessItemTaskData":
                item["task"]["data"] = request["data"]
            case "completeProcessItemTask":
                item["task"]["state"] = "COMPLETED"
            case "assignProcessItemTask":
                item["ownerId"] = request.get("ownerId", PERSON_ID)
                item["task"]["state"] = "CLAIMED"
                await self._ask(item)
            case "appendProcessItemTaskLog":
                self.logs.append(TaskLog(code_of(item), request["level"], request["message"]))
            case _:
                raise ApplicationError(f"not supported in tests: {operation}", non_retryable=True)
        return item

    async def _ask(self, item: ProcessItem) -> None:
        """Asks the person for an open task, unless the application owns it."""
        if "task" not in item or item["task"]["state"] not in OPEN or item.get("ownerId") == APPLICATION_ID:
            return
        answer = self._person(code_of(item), self.logs)
        if answer == "wait":
            return
        if answer == "cancel":
            item["task"]["state"] = "CANCELLED"
            return
        item["task"] = {"state": "COMPLETED", "data": {"valid": True, "value": dict(answer)}}
        payload = {"processItemDefinitionCode": code_of(item)}
        signal = {"id": item["id"], "type": item["type"], "payload": payload}
        await self.signal(activity.info().workflow_id or "", "KuFlow_Engine_Signal_Process_Item", signal)

    def _patch_metadata(self, change: Mapping[str, Any]) -> None:
        """Supports only top-level fields, as `write_metadata` sets them."""
        field, *deeper = [step.replace("~1", "/").replace("~0", "~") for step in change["path"].split("/")[1:]]
        if deeper or change["op"] not in ("add", "replace", "remove"):
            raise ApplicationError(f"not supported in tests: {change['op']} {change['path']}", non_retryable=True)
        if change["op"] == "remove":
            del self.metadata[field]
        else:
            self.metadata[field] = change["value"]


class FakeDocuments(Documents):
    """Documents in memory."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    async def upload(
        self,
        path: str | Path,
        *,
        process_id: str,
        name: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> KuFlowFile:
        content = Path(path).read_bytes()  # noqa: ASYNC240
        uri = f"ku:process/{process_id}/document/{len(self._contents)}"
        self._contents[uri] = content
        return FileFields(uri=uri, type=content_type, size=len(content), name=name or Path(path).name).format()

    async def download(self, document: str, path: str | Path) -> None:
        uri = document if document.startswith("ku:") else FileFields.parse(document).uri
        # People attach documents too: what they contain does not matter here.
        Path(path).write_bytes(self._contents.get(uri, b"A document"))  # noqa: ASYNC240


def fake_keys() -> EncryptionKeys:
    """The key of all confidential processes of an in-memory KuFlow. It is the same in every test run."""

    async def request(key_id: str) -> AESGCM:
        if key_id != KEY_ID:
            raise ValueError("tests do not have it; to replay a history, export it with: ./kuflow dev history")
        return AESGCM(bytes(KEY_SIZE))

    return EncryptionKeys(request)


def request_time() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def code_of(item: ProcessItem) -> str:
    return item["processItemDefinitionRef"]["code"]
