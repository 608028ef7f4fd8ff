from collections.abc import Sequence
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from .payloads import data_converter
from .workflow.interceptor import WorkflowInterceptor
from .workflow_code import workflow_runner

CREATE_ITEM = "KuFlow_Engine_createProcessItem"


async def replay(history: WorkflowHistory, workflows: Sequence[type]) -> None:
    """Replays a history with the current workflow code.

    Fails if the code calls other activities, or creates other items than the history has: Temporal itself compares only
    the names of activities, and every item is created by the same one.
    """
    created: list[str] = []
    replayer = Replayer(
        workflows=workflows,
        workflow_runner=workflow_runner(workflows),
        data_converter=data_converter(),
        interceptors=[WorkflowInterceptor(), _ItemRecorder(created)],
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    recorded = await _items_in(history)
    for number, (before, now) in enumerate(zip(recorded, created, strict=False), start=1):
        if before != now:
            raise AssertionError(
                f"Item {number} of the process is {before} in the history, but the workflow code creates {now}"
            ) from result.replay_failure
    if result.replay_failure is not None:
        raise result.replay_failure


def _describe(item: dict[str, Any]) -> str:
    return f"{item.get('type', 'an item')} {item.get('processItemDefinitionCode', 'without a definition')}"


async def _items_in(history: WorkflowHistory) -> list[str]:
    """The items that the history creates, in order."""
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    inputs = [activity.input for activity in scheduled if activity.activity_type.name == CREATE_ITEM]
    return [_describe((await data_converter().decode_wrapper(input))[0]) for input in inputs]


class _ItemRecorder(Interceptor):
    """Remembers the items that workflow code creates."""

    def __init__(self, created: list[str]) -> None:
        self._created = created

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        created = self._created

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:
                if input.activity == CREATE_ITEM:
                    created.append(_describe(input.args[0]))
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound
