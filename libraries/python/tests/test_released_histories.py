"""Processes of released versions continue.

A worker replays the histories of its running processes with the code of a newer library. `released/<version>.json` is
what each released version recorded for the same workflow. With KUFLOW_RECORD=<version>, the test records one.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from kuflow_worker.testing import Answer, FakeKuFlow, TaskLog, replay, start_process

from .support.trial_workflows import EverythingWorkflow, TrialActivities

RELEASED = Path(__file__).parent / "released"
RECORDED = os.environ.get("KUFLOW_RECORD")


async def test_the_histories_of_released_versions_can_be_replayed(shared_environment: WorkflowEnvironment) -> None:
    if RECORDED is not None:
        history = await record(shared_environment)
        (RELEASED / f"{RECORDED}.json").write_text(f"{history.to_json()}\n")
    histories = sorted(RELEASED.glob("*.json"))
    assert histories
    for path in histories:
        await replay(WorkflowHistory.from_json(path.stem, path.read_text()), [EverythingWorkflow])


async def record(environment: WorkflowEnvironment) -> WorkflowHistory:
    def person(code: str, logs: Sequence[TaskLog]) -> Answer:
        # The first answer comes after the deadline.
        return {"ok": True} if logs and code == "REVIEW" else "wait"

    run = await start_process(environment, EverythingWorkflow, FakeKuFlow(person), [TrialActivities()])
    assert await run.result() == {"message": "ok True"}
    return await run.history()
