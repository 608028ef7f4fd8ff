"""The sandbox of workflow code."""

from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from kuflow_worker._internal.fake_kuflow import FakeKuFlow
from kuflow_worker._internal.process_run import ProcessRun
from kuflow_worker._internal.turns import Turns
from kuflow_worker._internal.workflow_code import workflow_runner

TRIAL = {
    "__init__.py": "",
    # A library that workflow code must not use.
    "activities.py": "import httpx\n\nRUNS: list[httpx.Client | None] = []\n",
    "helper.py": "from datetime import datetime\n\nRUNS = []\n\ndef now():\n    return datetime.now()\n",
    "tasks.py": "from kuflow_worker.workflow import ThreadTask\n\nTALK = ThreadTask('TALK')\n",
    "workflow.py": """
from temporalio import workflow

from kuflow_worker.workflow import KuFlowProcess, WorkflowRequest, WorkflowResponse
from . import helper, tasks
from .activities import RUNS


@workflow.defn
class CountingWorkflow:
    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self.kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        helper.RUNS.append(None)
        RUNS.append(None)
        return {"message": f"{tasks.TALK.code} {len(helper.RUNS)} {len(RUNS)}"}


@workflow.defn
class ClockWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        return {"message": str(helper.now())}
""",
}


@pytest.fixture
async def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The package of a project with the process above."""
    package = f"trial_{uuid4().hex}"
    (tmp_path / package / "trial").mkdir(parents=True)
    for name, text in TRIAL.items():
        (tmp_path / package / "trial" / name).write_text(text)
    (tmp_path / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield package


async def run(environment: WorkflowEnvironment, project: str, name: str) -> str:
    workflows: Any = import_module(f"{project}.trial.workflow")
    process_id, workflow = str(uuid4()), getattr(workflows, name)
    client = environment.client
    worker = Worker(client, task_queue=process_id, workflows=[workflow], workflow_runner=workflow_runner([workflow]))
    request = {"processId": process_id}
    handle = await client.start_workflow(workflow.run, request, id=process_id, task_queue=process_id)
    kuflow = FakeKuFlow({})
    return (await ProcessRun(environment, handle.id, handle, worker, kuflow, Turns(client)).result())["message"]


async def test_isolates_the_modules_of_the_user_and_shares_those_of_activities(
    environment: WorkflowEnvironment, project: str
) -> None:
    assert await run(environment, project, "CountingWorkflow") == "TALK 1 1"
    assert await run(environment, project, "CountingWorkflow") == "TALK 1 2"


async def test_fails_the_workflow_task_when_workflow_code_reads_the_clock(
    environment: WorkflowEnvironment, project: str
) -> None:
    with pytest.raises(AssertionError, match=r"Cannot access datetime\.datetime\.now"):
        await run(environment, project, "ClockWorkflow")
