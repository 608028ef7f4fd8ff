"""Replays the histories in tests/histories with the current workflow code."""

from pathlib import Path

import pytest
from kuflow_worker.testing import replay
from temporalio.client import WorkflowHistory

from example_worker.processes import PROCESSES

HISTORIES = {path.name: path.read_text("utf-8") for path in (Path(__file__).parent / "histories").glob("*.json")}
NONE_YET = "none yet; to save one: ./kuflow dev history latest --output tests/histories/<name>.json"


@pytest.mark.skipif(not HISTORIES, reason=NONE_YET)
@pytest.mark.parametrize("name", sorted(HISTORIES))
async def test_workflow_code_matches_history(name: str) -> None:
    history = WorkflowHistory.from_json(name, HISTORIES[name])
    await replay(history, [process.workflow for process in PROCESSES])
