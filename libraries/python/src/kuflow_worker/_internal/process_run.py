import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Generic
from uuid import uuid4

from temporalio.client import (
    Client,
    Interceptor,
    OutboundInterceptor,
    QueryWorkflowInput,
    SignalWorkflowInput,
    StartWorkflowInput,
    StartWorkflowUpdateInput,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowUpdateHandle,
)
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Interceptor as WorkerInterceptor
from temporalio.worker import Worker
from typing_extensions import TypeVar

from .activities import activities_of, create_kuflow_activities
from .activity_interceptor import ActivityInterceptor
from .declaration import validators_of
from .encryption import mark_call
from .encryption_interceptor import EncryptionInterceptor
from .fake_kuflow import PERSON_ID, FakeKuFlow, fake_keys, request_time
from .model import ActionRequest, ActionResponse, WorkflowRequest, WorkflowResponse
from .payloads import data_converter
from .settings import DEFAULT_MAX_PAYLOAD_BYTES
from .turns import Turns
from .workflow.interceptor import WorkflowInterceptor
from .workflow_code import workflow_runner

SECONDS = 30

#: What a test does while a process runs.
Action = Callable[[], Awaitable[None]]

Response = TypeVar("Response", default=WorkflowResponse)


class ProcessRun(Generic[Response]):
    """The workflow of a process or user action on Temporal's test server.

    The workflow does not run until your test waits for its result.
    """

    def __init__(
        self,
        environment: WorkflowEnvironment,
        process_id: str,
        handle: WorkflowHandle[Any, Any],
        worker: Worker,
        kuflow: FakeKuFlow,
        turns: Turns,
    ) -> None:
        self.process_id = process_id
        self.handle = handle
        self._environment = environment
        self._worker = worker
        self._kuflow = kuflow
        self._turns = turns
        self._planned: list[tuple[timedelta, Action]] = []

    def after(self, duration: timedelta, action: Action) -> None:
        """Plans what happens this long after the start of the process, in the skipped time of the test server.

        `action` may start user actions or change what the in-memory KuFlow answers.
        """
        self._planned.append((duration, action))

    async def result(self, seconds: float = SECONDS) -> Response:
        """Waits until the workflow ends.

        Raises a `WorkflowFailureError` if the workflow fails, and an `AssertionError` if a workflow task fails:
        Temporal would repeat the task until somebody fixes the workflow code. After some seconds, it raises an
        `AssertionError` with the open tasks and the activities that Temporal repeats.
        """
        with _FailedTasks(self.handle.first_execution_run_id or "") as failed:
            async with self._worker:
                self._turns.worker_runs = True
                result = asyncio.create_task(self._run())
                try:
                    outcomes: set[asyncio.Future[Any]] = {result, failed.first}
                    await asyncio.wait(outcomes, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                    if not result.done() and not failed.first.done():
                        waiting = "\n".join(await self._describe_waiting())
                        raise AssertionError(f"The workflow has not ended within {seconds:g} s\n{waiting}")
                    if failed.first.done():
                        error = failed.first.result()
                        raise AssertionError(f"A workflow task failed: {type(error).__name__}: {error}") from error
                    return await result
                finally:
                    self._turns.worker_runs = False
                    result.cancel()

    async def _run(self) -> Response:
        passed = timedelta()
        for duration, action in sorted(self._planned, key=lambda plan: plan[0]):
            if duration > passed:
                await self._environment.sleep(duration - passed)
                passed = duration
            await action()
        self._planned.clear()
        response: Response = await self.handle.result()
        return response

    async def _describe_waiting(self) -> list[str]:
        description = (await self.handle.describe()).raw_description
        activities = []
        for activity in description.pending_activities:
            failure = activity.last_failure
            reason = failure.cause.message or failure.message or "running"
            activities.append(f"Activity {activity.activity_type.name}, attempt {activity.attempt}: {reason}")
        return [f"Open task: {code} ({state})" for code, state in self._kuflow.open_tasks.items()] + activities

    async def cancel(self) -> None:
        """Cancels the process."""
        await self._turns.take(self.handle.id, self.handle.cancel)

    async def history(self) -> WorkflowHistory:
        """The history of the workflow so far."""
        return await self.handle.fetch_history()


async def start_process(
    environment: WorkflowEnvironment,
    workflow: type,
    kuflow: FakeKuFlow,
    activities: Sequence[object] = (),
    *,
    interceptors: Sequence[WorkerInterceptor] = (),
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
) -> ProcessRun:
    """Starts a process's workflow with the worker's data converter and interceptors.

    `activities` are instances of your activity classes, and `interceptors` are your worker's interceptors.
    """
    process_id = str(uuid4())
    request: WorkflowRequest = {"processId": process_id}
    return await _start(environment, workflow, kuflow, activities, process_id, request, interceptors, max_payload_bytes)


async def start_action(
    environment: WorkflowEnvironment,
    workflow: type,
    kuflow: FakeKuFlow,
    code: str,
    activities: Sequence[object] = (),
    *,
    interceptors: Sequence[WorkerInterceptor] = (),
) -> ProcessRun[ActionResponse]:
    """Starts the workflow of the user action with the given code, as `start_process` starts a process's workflow."""
    action_id = str(uuid4())
    request: ActionRequest = {
        "processId": str(uuid4()),
        "userActionDefinitionType": "START_WORKFLOW",
        "userActionDefinitionCode": code,
        "userActionId": action_id,
        "requestorPrincipalId": PERSON_ID,
        "requestTime": request_time(),
        "requestTimeZone": "UTC",
    }
    return await _start(environment, workflow, kuflow, activities, action_id, request, interceptors)


async def _start(
    environment: WorkflowEnvironment,
    workflow: type,
    kuflow: FakeKuFlow,
    activities: Sequence[object],
    workflow_id: str,
    request: WorkflowRequest,
    interceptors: Sequence[WorkerInterceptor],
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
) -> ProcessRun[Any]:
    config = environment.client.config()
    config["data_converter"] = data_converter(fake_keys(), max_payload_bytes)
    config["interceptors"] = [*config["interceptors"], AsKuFlow(kuflow.key_id)]
    client = Client(**config)
    turns = Turns(client)
    kuflow.connect(client, turns)
    validators = validators_of([workflow])
    worker = Worker(
        client,
        task_queue=workflow_id,
        workflows=[workflow],
        activities=[
            *create_kuflow_activities(kuflow, validators),
            *(one for each in activities for one in activities_of(each)),
        ],
        interceptors=[
            turns,
            EncryptionInterceptor(),
            *interceptors,
            WorkflowInterceptor(),
            ActivityInterceptor(max_payload_bytes=max_payload_bytes, validators=validators),
        ],
        workflow_runner=workflow_runner([workflow]),
    )
    handle = await client.start_workflow(
        workflow.run,  # type: ignore[attr-defined]
        request,
        id=workflow_id,
        task_queue=workflow_id,
    )
    return ProcessRun(environment, request["processId"], handle, worker, kuflow, turns)


class AsKuFlow(Interceptor):
    """Encrypts what is sent to a confidential process."""

    def __init__(self, key_id: str | None) -> None:
        self._key_id = key_id

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        key_id = self._key_id

        class Outbound(OutboundInterceptor):
            async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:
                return await super().start_workflow(mark_call(input, key_id))

            async def signal_workflow(self, input: SignalWorkflowInput) -> None:
                await super().signal_workflow(mark_call(input, key_id))

            async def query_workflow(self, input: QueryWorkflowInput) -> Any:
                return await super().query_workflow(mark_call(input, key_id))

            async def start_workflow_update(self, input: StartWorkflowUpdateInput) -> WorkflowUpdateHandle[Any]:
                return await super().start_workflow_update(mark_call(input, key_id))

        return Outbound(next)


class _FailedTasks(logging.Handler):
    """Notices failed workflow tasks of a run in the log: Temporal's test server does not report them."""

    def __init__(self, run_id: str) -> None:
        super().__init__(logging.WARNING)
        self._run_id = run_id
        self._loop = asyncio.get_running_loop()
        self.first: asyncio.Future[BaseException] = self._loop.create_future()

    def emit(self, record: logging.LogRecord) -> None:
        error = (record.exc_info or (None, None))[1]
        if error is not None and self._run_id in record.getMessage():
            # Workflow code runs in other threads.
            self._loop.call_soon_threadsafe(self._notice, error)

    def _notice(self, error: BaseException) -> None:
        if not self.first.done():
            self.first.set_result(error)

    def __enter__(self) -> "_FailedTasks":
        logging.getLogger("temporalio.worker").addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("temporalio.worker").removeHandler(self)
