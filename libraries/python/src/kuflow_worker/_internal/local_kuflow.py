import asyncio
import json
import os
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from .fake_kuflow import OPEN, TaskLog
from .local_child import LocalChild
from .model import JsonObject, ProcessAction, ProcessItem

#: The path of the `platform.json` of a running local KuFlow.
STATE_FILE = "KUFLOW_DEV_STATE_FILE"
API = "/v2024-06-14"
#: How many seconds to wait for a state or a task, for slow machines.
SECONDS = "KUFLOW_TEST_SECONDS"
DEFAULT_SECONDS = 30.0
START_SECONDS = 300.0
SECONDS_BETWEEN_READS = 0.1


class _Connection:
    """Calls the local KuFlow, as long as it and the worker run."""

    def __init__(self, state_file: Path, children: Sequence[LocalChild], seconds: float) -> None:
        state = json.loads(state_file.read_text("utf-8"))
        self.tenant_id: str = state["tenantId"]
        self._token: str = state["user"]["token"]
        self.seconds = seconds
        # The local KuFlow answers when what a call waits for has happened.
        self._http = httpx.AsyncClient(base_url=state["loopback"]["http"], timeout=None, trust_env=False)
        self._ends = [asyncio.create_task(child.ended()) for child in children]

    async def api(self, method: str, path: str, token: str, body: object = None) -> Any:
        return await self._call(method, f"{API}{path}", token, body)

    async def dev(self, method: str, path: str, body: object = None) -> Any:
        """Calls what only the local KuFlow has."""
        return await self._call(method, f"/_dev{path}", self._token, body)

    async def _call(self, method: str, path: str, token: str, body: object) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        request = self._http.build_request(method, path, headers=headers, json=body)
        call = asyncio.create_task(self._http.send(request))
        done, _ = await asyncio.wait([call, *self._ends], return_when=asyncio.FIRST_COMPLETED)
        for end in self._ends:
            if end in done:
                call.cancel()
                raise end.result()
        response = call.result()
        if response.is_error:
            raise RuntimeError(f"{method} {path} failed with {response.status_code}: {_problem(response)}")
        return response.json() if response.content else None

    async def token_of(self, email: str | None) -> str:
        """The token of a user, or of the first one."""
        if email is None:
            return self._token
        users = (await self.dev("GET", "/users"))["users"]
        for user in users:
            if user["email"].lower() == email.lower():
                return str(user["token"])
        known = ", ".join(user["email"] for user in users)
        raise ValueError(f"The local KuFlow does not have the user {email}. Its users: {known}")

    async def close(self) -> None:
        for end in self._ends:
            end.cancel()
        await self._http.aclose()


class _LocalTask:
    def __init__(self, process: "LocalProcess", code: str) -> None:
        self._process = process
        self._code = code

    async def complete(self, data: JsonObject | None = None) -> None:
        """Waits for the task, claims it, and completes it.

        Without data, it gets valid example data. Raises an error if the data is not valid.
        """
        process, code = self._process, self._code
        found = await process._wait({"task": code})
        task = next(item for item in found["items"] if item.get("code") == code and item.get("state") in OPEN)
        connection = process._connection
        token = await connection.token_of(process._email)
        path = f"/process-items/{task['id']}/task"
        if task["state"] == "READY":
            await connection.api("POST", f"{path}/~actions/claim", token)
        if data is None:
            examples = f"/definitions/{quote(process._code, safe='')}/examples"
            data = (await connection.dev("POST", examples, {"task": code, "processId": process.id}))["value"]
        saved = await connection.api("PUT", f"{path}/data", token, {"data": {"value": data}})
        result = saved["task"].get("data", {})
        if result.get("valid") is False:
            errors = (f"{error.get('propertyPath', '')} {error.get('type', '')}" for error in result.get("errors", []))
            raise ValueError(f"The data of task {code} is not valid: {', '.join(errors)}")
        await connection.api("POST", f"{path}/~actions/complete", token)


class LocalProcess:
    """A process in the local KuFlow."""

    def __init__(self, connection: _Connection, id: str, code: str, email: str | None) -> None:
        self.id = id
        self._connection = connection
        self._code = code
        self._email = email

    def as_user(self, email: str) -> "LocalProcess":
        """The same process as another user, by email."""
        return LocalProcess(self._connection, self.id, self._code, email)

    def task(self, code: str) -> _LocalTask:
        """A task, which may not exist yet. If several have this code, it is the open one."""
        return _LocalTask(self, code)

    async def act(self, code: str, input: JsonObject | str | None = None) -> ProcessAction:
        """Invokes a user action and waits until it has ended.

        `input` is the input of a signal, or the text of a message. Raises an error if the action fails or does not end
        in time.
        """
        body: dict[str, Any] = {"processActionDefinitionCode": code}
        if isinstance(input, str):
            body["createProcessItemMessage"] = {"text": input}
        elif input is not None:
            body["sendWorkflowSignal"] = {"input": input}
        token = await self._connection.token_of(self._email)
        path = f"/processes/{self.id}/actions"
        action: ProcessAction = await self._connection.api("POST", path, token, body)
        deadline = time.monotonic() + self._connection.seconds
        while action["status"] == "REQUESTED" and time.monotonic() < deadline:
            await asyncio.sleep(SECONDS_BETWEEN_READS)
            action = await self._connection.api("GET", f"{path}/{action['id']}", token)
        if action["status"] != "COMPLETED":
            raise AssertionError(
                f"Action {code} of process {self._code} {self.id} is not COMPLETED: it is {action['status']}"
            )
        return action

    async def signal(self, name: str, input: Any = None) -> None:
        """Sends a signal to the workflow. For the signal of a user action, use `act`."""
        body = {"name": name} if input is None else {"name": name, "input": input}
        await self._connection.dev("POST", f"/processes/{self.id}/signals", body)

    async def items(self) -> list[ProcessItem]:
        """The items of the process with their data, in the order of their creation."""
        found = await self._connection.dev("POST", f"/processes/{self.id}/wait", {"timeoutSeconds": 0})
        token = await self._connection.token_of(self._email)
        return [await self._connection.api("GET", f"/process-items/{item['id']}", token) for item in found["items"]]

    async def logs(self) -> list[TaskLog]:
        """The lines in the logs of the tasks."""
        items: list[Any] = list(await self.items())
        return [
            TaskLog(item["processItemDefinitionRef"]["code"], log["level"], log["message"])
            for item in items
            for log in item.get("task", {}).get("logs", [])
        ]

    async def wait(self, state: str = "COMPLETED", seconds: float | None = None) -> None:
        """Waits for a state.

        Raises an error if the process does not reach it in time, or no longer can. The error names the open tasks, the
        worker that polls, and the last failure.
        """
        await self._wait({"states": [state]}, seconds)

    async def _wait(self, wanted: JsonObject, seconds: float | None = None) -> Any:
        limit = self._connection.seconds if seconds is None else seconds
        body = {**wanted, "timeoutSeconds": limit}
        found = await self._connection.dev("POST", f"/processes/{self.id}/wait", body)
        if not found["reached"]:
            raise AssertionError(found["problem"])
        return found


class LocalKuFlow:
    """A local KuFlow with the project's worker. The `local_kuflow` fixture provides one for the whole test session."""

    def __init__(self, connection: _Connection, email: str | None = None) -> None:
        self._connection = connection
        self._email = email

    @staticmethod
    @asynccontextmanager
    async def open(
        folder: Path, worker: Sequence[str] | None = None, seconds: float | None = None
    ) -> AsyncIterator["LocalKuFlow"]:
        """Starts a worker and a local KuFlow for the project in a folder.

        The local KuFlow uses free ports and a temporary folder. Both end with this process. `worker` is the module of
        the worker and its options, by default the module of the first script in `pyproject.toml`. `seconds` is how long
        to wait for a state or a task, by default KUFLOW_TEST_SECONDS or 30. To use a `kuflow dev` that is running with
        its worker, set KUFLOW_DEV_STATE_FILE to the path of its `.kuflow/dev/platform.json`.
        """
        limit = float(os.environ.get(SECONDS, DEFAULT_SECONDS)) if seconds is None else seconds
        running = os.environ.get(STATE_FILE)
        if running is not None:
            async with _connect(Path(running), [], limit) as connection:
                yield LocalKuFlow(connection)
            return
        platform, state_file = await _start_platform(folder)
        try:
            child = await _start_worker(folder, worker or [_worker_module(folder), "--dev"], state_file)
            try:
                async with _connect(state_file, [child, platform], limit) as connection:
                    yield LocalKuFlow(connection)
            finally:
                await child.stop(ask_by_signal=True)
        finally:
            await platform.stop(ask_by_signal=False)

    def as_user(self, email: str) -> "LocalKuFlow":
        """The same local KuFlow as another user, by email."""
        return LocalKuFlow(self._connection, email)

    async def start(self, code: str, metadata: JsonObject | None = None) -> LocalProcess:
        """Starts a process."""
        body: dict[str, Any] = {"processDefinitionCode": code, "tenantId": self._connection.tenant_id}
        if metadata is not None:
            body["metadata"] = {"value": metadata}
        token = await self._connection.token_of(self._email)
        process = await self._connection.api("POST", "/processes", token, body)
        return LocalProcess(self._connection, process["id"], code, self._email)

    async def fault(self, operation_id: str, action: JsonObject, times: int = 1) -> None:
        """Makes the next calls of an operation fail, such as `createProcessItem` with `{"kind": "drop-answer"}`."""
        body = {"operationId": operation_id, "action": action, "times": times}
        await self._connection.dev("POST", "/faults", body)

    async def skip(self, duration: timedelta | None = None) -> None:
        """Skips time for all processes, so that deadlines pass: a duration, or, without one, until a process changes.

        Raises an error if a workflow does not finish its work, or if there is nothing to skip to.
        """
        body: dict[str, Any] = {} if duration is None else {"seconds": duration.total_seconds()}
        result = await self._connection.dev("POST", "/clock/skip", body)
        # The local KuFlow answers after two minutes at the latest.
        while result["end"] == "time-limit":
            body = {"until": result["until"]} if "until" in result else {}
            result = await self._connection.dev("POST", "/clock/skip", body)
        if result["end"] not in ("reached", "acted"):
            problem = "no pending timer would change a process" if result["end"] == "idle" else result["end"]
            behind = [f"{workflow['workflowId']}: {workflow['reason']}" for workflow in result["behind"]]
            raise AssertionError("\n".join([f"Time was not skipped: {problem}", *behind]))


@asynccontextmanager
async def _connect(state_file: Path, children: Sequence[LocalChild], seconds: float) -> AsyncIterator[_Connection]:
    connection = _Connection(state_file, children, seconds)
    try:
        started = await connection.dev("POST", "/workers/wait", {"timeoutSeconds": START_SECONDS})
        if not started["polling"]:
            raise RuntimeError(f"No worker is polling the task queues after {START_SECONDS:g} s")
        yield connection
    finally:
        await connection.close()


async def _start_platform(folder: Path) -> tuple[LocalChild, Path]:
    kuflow = folder / ("kuflow.cmd" if sys.platform == "win32" else "kuflow")
    command = [str(kuflow), "dev", "--json", "--ephemeral"]
    child = await LocalChild.start("The local KuFlow", command, folder, os.environ)
    async for line in child.lines():
        event = json.loads(line)
        if event.get("kind") == "ready":
            child.keep_output()
            return child, Path(event["stateFile"])
    child.keep_output()
    raise await child.ended()


async def _start_worker(folder: Path, words: Sequence[str], state_file: Path) -> LocalChild:
    connection = _Connection(state_file, [], DEFAULT_SECONDS)
    try:
        variables = (await connection.dev("GET", "/environment"))["variables"]
    finally:
        await connection.close()
    command = [sys.executable, "-m", "kuflow_worker._internal.local_worker", *words]
    ports = {"WORKER_HEALTHPORT": "0", "WORKER_METRICSPORT": "0"}
    child = await LocalChild.start("The worker", command, folder, {**os.environ, **ports, **variables})
    child.keep_output()
    return child


def _worker_module(folder: Path) -> str:
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("project", {})
    for target in project.get("scripts", {}).values():
        return str(target).partition(":")[0].removesuffix(".__main__")
    raise ValueError(f"{folder / 'pyproject.toml'} has no script: pass `worker`")


def _problem(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return response.text
    messages = [body.get("message"), *(error.get("message") for error in body.get("errors", []))]
    return "; ".join(dict.fromkeys(message for message in messages if message))
