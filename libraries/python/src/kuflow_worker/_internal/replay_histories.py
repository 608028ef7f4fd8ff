"""Replays histories with the current workflow code."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import (
    Interceptor,
    Replayer,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from .encryption import EncryptionError
from .encryption_interceptor import EncryptionInterceptor
from .workflow.interceptor import WorkflowInterceptor
from .workflow_code import workflow_runner

CREATE_ITEM = "KuFlow_Engine_createProcessItem"
# Temporal's code for workflow code that does not respond within two seconds, which also happens on a busy machine.
DEADLOCK = "TMPRL1101"
ATTEMPTS = 5


class ItemsDiffer(AssertionError):
    """The workflow code creates other items than the history has. Its message contains no data of the process."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How the workflow code and a history fit together."""

    process_id: str
    failure: Exception | None
    """Why they do not match."""
    last_item: str | None
    """The last item that both have, such as `item 2, TASK REVIEW`."""


async def replay_histories(
    histories: AsyncIterator[WorkflowHistory],
    workflows: Sequence[type],
    converter: DataConverter,
    interceptors: Sequence[Interceptor] = (),
) -> AsyncIterator[Replayed]:
    """Replays histories one after the other, with the interceptors of a worker.

    A history does not match if the code calls other activities, or creates other items than the history has: Temporal
    itself compares only the names of activities, and every item is created by the same one.
    """
    # By ID: an item that is canceled in the workflow task that creates it is not part of the history.
    created: dict[str, str] = {}
    replayer = Replayer(
        workflows=workflows,
        workflow_runner=workflow_runner(workflows),
        data_converter=converter,
        interceptors=[EncryptionInterceptor(), *interceptors, WorkflowInterceptor(), _ItemRecorder(created)],
    )
    attempts = 0

    async def repeated() -> AsyncIterator[WorkflowHistory]:
        nonlocal attempts
        async for history in histories:
            attempts = 1
            yield history
            # Temporal asks for the next history when the result of this one is known.
            while attempts > 1:
                yield history

    async with replayer.workflow_replay_iterator(repeated()) as results:
        async for result in results:
            failure = result.replay_failure
            if DEADLOCK in str(failure) and attempts < ATTEMPTS:
                attempts += 1
                created.clear()
                continue
            attempts = 0
            recorded: dict[str, str] = {}
            try:
                recorded = await _items_in(result.history, converter)
                failure = _compare(recorded, created, failure) or failure
            except EncryptionError as error:
                failure = error
            common = [f"item {at}, {recorded[one]}" for at, one in enumerate(recorded, start=1) if one in created]
            created.clear()
            yield Replayed(result.history.workflow_id, failure, common[-1] if common else None)


def _compare(recorded: dict[str, str], created: dict[str, str], failure: Exception | None) -> ItemsDiffer | None:
    for number, (item_id, before) in enumerate(recorded.items(), start=1):
        now = created.get(item_id)
        # A replay that failed may have ended before it created the item.
        if now == before or (now is None and failure is not None):
            continue
        what = "does not create it with the same ID" if now is None else f"creates {now}"
        differ = ItemsDiffer(f"Item {number} of the process is {before} in the history, but the workflow code {what}")
        differ.__cause__ = failure
        return differ
    return None


def _describe(item: dict[str, Any]) -> str:
    return f"{item.get('type', 'an item')} {item.get('processItemDefinitionCode', 'without a definition')}"


async def _items_in(history: WorkflowHistory, converter: DataConverter) -> dict[str, str]:
    """The items that the history creates, in order, by ID."""
    scheduled = [
        event.activity_task_scheduled_event_attributes
        for event in history.events
        if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
    ]
    inputs = [activity.input for activity in scheduled if activity.activity_type.name == CREATE_ITEM]
    items = [(await converter.decode_wrapper(input))[0] for input in inputs]
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
