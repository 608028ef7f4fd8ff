import asyncio
import time
from pathlib import Path
from typing import Any, cast
from unittest.mock import AsyncMock, Mock

import pytest

from kuflow_worker._internal import worker_runtime
from kuflow_worker._internal.declaration import Worker
from kuflow_worker._internal.engine_certificate import EngineIdentity
from kuflow_worker._internal.engine_token import create_token
from kuflow_worker._internal.metrics import no_metrics
from kuflow_worker._internal.secret import Secret
from kuflow_worker._internal.settings import Settings, load_settings
from kuflow_worker._internal.worker_runtime import RunningWorker

from .support.clock import settle
from .support.environment import ENVIRONMENT


class Engine:
    """A worker of Temporal's SDK for tests. It polls until it is shut down, or fails at once."""

    def __init__(self, client: Any = None, *, error: Exception | None = None, **options: Any) -> None:
        self.client = client
        self.state = "failed" if error else "running"
        self._error = error

    async def run(self) -> Exception | None:
        if self._error is None:
            await asyncio.Event().wait()
        return self._error

    def shutdown(self) -> None: ...


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path, ENVIRONMENT)


@pytest.fixture
def worker(settings: Settings) -> RunningWorker:
    unused: Any = None
    worker = RunningWorker(
        settings=settings,
        reload_settings=unused,
        declared=Worker("trial", []),
        runtime=unused,
        metrics=no_metrics,
        development=True,
    )
    worker._tokens.current = create_token("the-token", None)
    worker._worker = cast(Any, Engine(error=RuntimeError("Poll failure: Unauthenticated")))
    return worker


def identity(cert: str) -> EngineIdentity:
    return EngineIdentity("api", "default", cert, Secret("the-key"), "ca", time.time(), time.time() + 3600)


async def test_a_worker_ends_when_it_is_shut_down_while_it_connects_again(
    worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: Any) -> Any:
        worker.shutdown()
        # As long as the engine does not answer.
        await asyncio.Event().wait()

    monkeypatch.setattr(worker, "_create_worker", connect)
    monkeypatch.setattr(worker._tokens, "has_expired_since", Mock(return_value=True))
    async with asyncio.timeout(10):
        assert await worker._run_and_stop([]) == 0


async def test_a_worker_goes_on_if_the_token_was_renewed_before_it_noticed_that_the_engine_rejected_it(
    worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*_: Any) -> Any:
        worker._worker = cast(Any, Engine())
        asyncio.get_running_loop().call_soon(polling.set)

    polling = asyncio.Event()
    monkeypatch.setattr(worker, "_create_worker", connect)
    worker._tokens.current = create_token("expired", None)
    monkeypatch.setattr(worker._tokens, "_request_token", AsyncMock(return_value=create_token("renewed", None)))
    engine: Any = worker._worker
    fail = engine.run

    async def renew_and_fail() -> Any:
        with monkeypatch.context() as expired:
            expired.setattr(worker._tokens, "is_valid", Mock(return_value=False))
            await worker._tokens.renew()
        return await fail()

    engine.run = renew_and_fail
    running = asyncio.create_task(worker._run())
    async with asyncio.timeout(10):
        await polling.wait()
    running.cancel()


async def test_a_worker_that_connects_again_while_its_certificate_is_replaced_uses_the_new_one(
    worker: RunningWorker, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = asyncio.Event()

    async def connect(_: Settings, identity: EngineIdentity, *rest: Any, **options: Any) -> Any:
        if identity.cert == "old":
            await slow.wait()
        return Mock(cert=identity.cert)

    monkeypatch.setattr(worker_runtime, "connect_to_engine", connect)
    monkeypatch.setattr(worker_runtime, "EngineWorker", Engine)
    worker._connected = identity("old"), settings

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(worker._create_worker())
        swap = tasks.create_task(worker._swap(identity("new"), settings))
        await settle()
        slow.set()
    assert cast(Any, worker._worker.client).cert == "new"
    swap.result()()
    assert [cast(Any, client).cert for client in worker._clients] == ["new"]
