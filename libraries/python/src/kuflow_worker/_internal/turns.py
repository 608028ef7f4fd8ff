import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import activity
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

SECONDS_BETWEEN_CHECKS = 0.005

_TASK_ENDED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_TASK_EVENTS = (
    EventType.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED,
    EventType.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT,
    _TASK_ENDED,
)


class Turns(Interceptor):
    """Lets a workflow handle the end of each activity, and each signal, before the next one.

    Temporal's test server refuses a workflow task that cancels an activity which ended a moment ago
    (`ACTIVITY_UNKNOWN`), and never repeats the task. Temporal itself accepts it.
    """

    def __init__(self, client: Client) -> None:
        #: Before the worker runs, the workflow handles nothing.
        self.worker_runs = False
        self._client = client
        self._workflows: dict[str, _Workflow] = {}

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        turns = self

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:
                try:
                    return await super().execute_activity(input)
                finally:
                    info = activity.info()
                    # A local activity is a part of a workflow task.
                    if not info.is_local:
                        await turns._of(info.workflow_id or "").end(info)

        return Inbound(next)

    async def take(self, workflow_id: str, action: Callable[[], Awaitable[None]]) -> None:
        """Does something that the workflow handles, such as sending it a signal."""
        if self.worker_runs:
            await self._of(workflow_id).take(action)
        else:
            await action()

    def _of(self, workflow_id: str) -> "_Workflow":
        handle = self._client.get_workflow_handle(workflow_id)
        return self._workflows.setdefault(workflow_id, _Workflow(handle))


class _Workflow:
    def __init__(self, handle: WorkflowHandle[Any, Any]) -> None:
        self._handle = handle
        self._lock = asyncio.Lock()
        # The ID of the last activity that ended, and its attempt. The test server may not know about it yet.
        self._ended: tuple[str, int] | None = None

    async def take(self, action: Callable[[], Awaitable[None]]) -> None:
        async with self._lock:
            while not await self._is_idle():  # noqa: ASYNC110
                await asyncio.sleep(SECONDS_BETWEEN_CHECKS)
            await action()

    async def end(self, info: activity.Info) -> None:
        async def note() -> None:
            self._ended = (info.activity_id, info.attempt)

        await self.take(note)

    async def _is_idle(self) -> bool:
        description = await self._handle.describe()
        if description.status != WorkflowExecutionStatus.RUNNING:
            return True
        pending = description.raw_description.pending_activities
        if self._ended in [(one.activity_id, one.attempt) for one in pending]:
            return False
        history = await self._handle.fetch_history()
        tasks = [event.event_type for event in history.events if event.event_type in _TASK_EVENTS]
        return tasks[-1:] == [_TASK_ENDED]
