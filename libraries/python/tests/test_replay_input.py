"""What a worker does with `--replay`."""

import json
import logging
import re
import sys
from io import BytesIO, StringIO
from types import SimpleNamespace

import pytest
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from kuflow_worker._internal.declaration import Process, Worker
from kuflow_worker._internal.fake_kuflow import KEY_ID, FakeKuFlow
from kuflow_worker._internal.process_run import start_process
from kuflow_worker._internal.replay_input import replay_input
from kuflow_worker._internal.settings import Settings, SettingsError
from kuflow_worker._internal.settings_reader import SettingsProblem

from .support.trial_workflows import BrokenWorkflow, ContentWorkflow, RenamedWorkflow

CANARY = "Canary"
Result = tuple[str, str | None]


async def test_replays_the_histories_on_standard_input_and_prints_no_data_of_a_process(
    shared_environment: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [await record(shared_environment, confidential=False)] * 2
    blocks = [block for each in [*plain, await record(shared_environment, confidential=True)] for block in each]
    input = b"".join(len(block).to_bytes(4, "big") + block for block in blocks)

    async def results_of(workflow: type) -> list[Result]:
        output = StringIO()
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=BytesIO(input)))
        monkeypatch.setattr(sys, "stdout", output)
        try:
            await replay_input(Worker("trial", [Process(workflow)]), no_settings)
        finally:
            monkeypatch.undo()
            logging.disable(logging.NOTSET)
        assert CANARY not in output.getvalue()
        lines = [json.loads(line.removeprefix("kuflow-replay ")) for line in output.getvalue().splitlines()]
        assert [line["id"].encode() for line in lines] == blocks[::2]
        return [(line["outcome"], line.get("reason")) for line in lines]

    reason = f"Could not read the encryption key {KEY_ID}: settings are missing or invalid: kuflow.api.endpoint"
    unreadable = ("unreadable", f"{reason} (environment): missing an address")
    assert await results_of(ContentWorkflow) == [("match", None), ("match", None), unreadable]
    renamed = "Item 3 of the process is THREAD DISCUSSION in the history, but the workflow code creates THREAD RENAMED"
    assert await results_of(RenamedWorkflow) == [("mismatch", renamed), ("mismatch", renamed), unreadable]
    (outcome, failed), *_ = await results_of(BrokenWorkflow)
    assert outcome == "mismatch"
    place = r"tests/support/trial_workflows\.py:\d+"
    assert re.fullmatch(
        f"After item 1, MESSAGE RESULT, the workflow code fails at {place}: no person … in …", failed or ""
    )


async def record(environment: WorkflowEnvironment, *, confidential: bool) -> tuple[bytes, bytes]:
    """The ID of a process and its history."""
    kuflow = FakeKuFlow(lambda _code, _logs: "wait", {"name": CANARY, "age": 36}, confidential=confidential)
    run = await start_process(environment, ContentWorkflow, kuflow)
    await run.result()
    history: WorkflowHistory = await run.history()
    return run.process_id.encode(), History(events=history.events).SerializeToString()


def no_settings() -> Settings:
    raise SettingsError((SettingsProblem("kuflow.api.endpoint", "missing", "environment", "an address"),))
