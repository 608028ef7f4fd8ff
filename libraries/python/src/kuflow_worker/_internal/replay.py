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

from .encryption_interceptor import EncryptionInterceptor
from .fake_kuflow import fake_keys
from .payloads import data_converter
from .workflow.interceptor import WorkflowInterceptor
from .workflow_code import workflow_runner

CREATE_ITEM = "KuFlow_Engine_createProcessItem"


async def replay(
    history: WorkflowHistory, workflows: Sequence[type], *, interceptors: Sequence[Interceptor] = ()
) -> None:
    """Replays a history with the current workflow code, and with the interceptors of your worker.

    The history of a confidential process must be in clear text, or from a process of `start_process`.

    Fails if the code calls other activities, or creates other items than the history has: Temporal itself compares only
    the names of activities, and every item is created by the same one.
    """
    # By ID: an item that is canceled in the workflow task that creates it is not part of the history.
    created: dict[str, str] = {}
    replayer = Replayer(
        workflows=workflows,
        workflow_runner=workflow_runner(workflows),
        data_converter=data_converter(fake_keys()),
        interceptors=[EncryptionInterceptor(), *interceptors, WorkflowInterceptor(), _ItemRecorder(created)],
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    for number, (item_id, before) in enumerate((await _items_in(history)).items(), start=1):
        now = created.get(item_id)
        # A replay that failed may have ended before it created the item.
        if now == before or (now is None and result.replay_failure is not None):
            continue
        what = "does not create it with the same ID" if now is None else f"creates {now}"
        raise AssertionError(
            f"Item {number} of the process is {before} in the history, but the workflow code {what}"
        ) from result.replay_failure
    if result.replay_failure is not None:
        raise result.replay_failure


def _describe(item: dict[str, Any]) -> str:
    return f"{item.get('type', 'an item')} {item.get('processItemDefinitionCode', 'without a definition')}"


async def _items_in(history: WorkflowHistory) -> dict[str, str]:
    """The items that the history creates, in order, by ID."""
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    inputs = [activity.input for activity in scheduled if activity.activity_type.name == CREATE_ITEM]
    items = [(await data_converter(fake_keys()).decode_wrapper(input))[0] for input in inputs]
    return {str(item.get("id")): _describe(item) for item in items}


class _ItemRecorder(Interceptor):
    """Remembers the items that workflow code creates."""

    def __init__(self, created: dict[str, str]) -> None:
        self._created = created

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        created = self._created

        class Outbound(WorkflowOutboundInterceptor):
            def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:
                if input.activity == CREATE_ITEM:
                    created[str(input.args[0].get("id"))] = _describe(input.args[0])
                return super().start_activity(input)

        class Inbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(Outbound(outbound))

        return Inbound
