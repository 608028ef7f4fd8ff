"""What a project adds to its worker: settings, resources and interceptors."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

from kuflow_worker import Process, Worker
from kuflow_worker._internal.program import Program
from kuflow_worker.testing import FakeKuFlow, replay, start_process

from .support.authority import Authority
from .support.engine import tls_engine
from .support.environment import ENVIRONMENT
from .support.scripted_server import Reply, ScriptedServer
from .support.trial_workflows import ContentWorkflow, ScoredWorkflow, Scoring, ScoringActivities, TrialActivities


class AppSettings(BaseModel):
    score: int


class Opened:
    """What has happened, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @asynccontextmanager
    async def open_scoring(self, settings: AppSettings) -> AsyncIterator[Scoring]:
        self.events.append(f"opened {settings.score}")
        try:
            yield Scoring(settings.score)
        finally:
            self.events.append("closed")
            raise RuntimeError("the connection was lost")


class Recorder(Interceptor):
    def __init__(self, events: list[str]) -> None:
        self._events = events

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        events = self._events

        class Inbound(ActivityInboundInterceptor):
            async def execute_activity(self, input: ExecuteActivityInput) -> Any:
                result = await super().execute_activity(input)
                events.append(f"activity {result}")
                return result

        return Inbound(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        events = self._events

        class Inbound(WorkflowInboundInterceptor):
            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                result = await super().execute_workflow(input)
                events.append(f"workflow {result}")
                return result

        return Inbound


@pytest.fixture
async def unchanged_process() -> AsyncIterator[None]:
    """Restores what a program changes: the logs, and what happens at a signal."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().remove_signal_handler(number)
    logging.captureWarnings(False)
    root.handlers = handlers
    root.setLevel(level)


async def test_a_worker_has_the_settings_resources_and_interceptors_of_its_project(
    shared_environment: WorkflowEnvironment,
    server: ScriptedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unchanged_process: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    authority = Authority()
    client = authority.issue("client")
    server.replies["POST /authentications"] = [Reply(body={"engineToken": {"token": "the-token"}})]
    server.replies["POST /workers"] = [Reply(body={})]
    (tmp_path / "application.yaml").write_text("app:\n  score: 7\n")
    monkeypatch.chdir(tmp_path)
    opened = Opened()
    worker = Worker(
        "trial",
        [Process(ScoredWorkflow, [ScoringActivities])],
        settings=AppSettings,
        open_resources=opened.open_scoring,
        interceptors=[Recorder(opened.events)],
    )
    async with tls_engine(shared_environment, authority) as engine:
        environment = ENVIRONMENT | {
            "KUFLOW_API_ENDPOINT": server.endpoint,
            "TEMPORAL_TARGET": engine.target,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_MUTUALTLS_CERTDATA": client.cert,
            "TEMPORAL_MUTUALTLS_KEYDATA": client.key,
            "TEMPORAL_MUTUALTLS_CADATA": authority.cert,
            "WORKER_METRICSPORT": "0",
            "WORKER_HEALTHPORT": "0",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        program = Program(worker, ["--dev"])
        running = asyncio.create_task(program.main())
        handle = await shared_environment.client.start_workflow(
            ScoredWorkflow.run, id="scored", task_queue=ENVIRONMENT["TEMPORAL_KUFLOWQUEUE"]
        )
        result = asyncio.create_task(handle.result())
        await asyncio.wait([running, result], return_when=asyncio.FIRST_COMPLETED)
        assert not running.done(), capsys.readouterr()
        assert await result == 7
        program._on_signal()
        assert await running == 0
    assert opened.events == ["opened 7", "activity 7", "workflow 7", "closed"]
    # It does not change the exit status.
    assert "Could not close the resources of the project error=the connection was lost" in capsys.readouterr().out


async def test_tests_and_replays_have_the_interceptors_of_the_worker(shared_environment: WorkflowEnvironment) -> None:
    events: list[str] = []
    run = await start_process(
        shared_environment,
        ContentWorkflow,
        FakeKuFlow({}, {"name": "Ada", "age": 36}),
        [TrialActivities()],
        interceptors=[Recorder(events)],
    )
    await run.result()
    assert "workflow" in events[-1]
    await replay(await run.history(), [ContentWorkflow], interceptors=[Recorder(events)])
    assert events[-2:] == events[-1:] * 2
