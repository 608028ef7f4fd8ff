from collections.abc import AsyncIterator, Sequence

from temporalio.client import WorkflowHistory
from temporalio.worker import Interceptor

from .fake_kuflow import fake_keys
from .payloads import data_converter
from .replay_histories import replay_histories


async def replay(
    history: WorkflowHistory, workflows: Sequence[type], *, interceptors: Sequence[Interceptor] = ()
) -> None:
    """Replays a history with the current workflow code and your worker's interceptors.

    The history of a confidential process must be in clear text, or come from a process that was started with
    `start_process`.

    Fails if the code calls activities or creates items other than those in the history. (Temporal's own replay
    does not detect swapped tasks, because it compares only activity names, and the same activity creates every item.)
    """

    async def histories() -> AsyncIterator[WorkflowHistory]:
        yield history

    async for replayed in replay_histories(histories(), workflows, data_converter(fake_keys()), interceptors):
        if replayed.failure is not None:
            raise replayed.failure
