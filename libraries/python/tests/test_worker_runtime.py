import asyncio
import time
from pathlib import Path
from typing import Any, cast
from unittest.mock import Mock

import pytest

from kuflow_worker._internal import worker_runtime
from kuflow_worker._internal.declaration import Worker
from kuflow_worker._internal.engine_certificate import EngineIdentity
from kuflow_worker._internal.engine_token import EngineToken, create_token
from kuflow_worker._internal.metrics import no_metrics
from kuflow_worker._internal.secret import Secret
from kuflow_worker._internal.settings import Settings, load_settings
from kuflow_worker._internal.worker_runtime import RunningWorker

from .support.environment import ENVIRONMENT


class Engine:
    """A worker of Temporal's SDK for tests. It polls until it is shut down, or fails at once."""

    def __init__(self, client: Any = None, *, error: Exception | None = None, **options: Any) -> None:
        self.client = client
        self._error = error

    async def run(self) -> None:
        if self._error is None:
            await asyncio.Event().wait()
        else:
            raise self._error

    async def shutdown(self) -> None: ...


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(tmp_path, ENVIRONMENT)


@pytest.fixture
async def worker(settings: Settings) -> RunningWorker:
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


async def test_a_worker_whose_core_gave_up_ends_with_1_and_the_reason(
    worker: RunningWorker, caplog: pytest.LogCaptureFixture
) -> None:
    assert await worker._run_and_stop([]) == 1
    record = next(record for record in caplog.records if record.levelname == "ERROR")
    assert record.message == "Stopping the worker: Temporal's SDK core stopped unexpectedly"
    assert record.exc_info and str(record.exc_info[1]) == "Poll failure: Unauthenticated"


async def test_a_worker_whose_token_was_not_renewed_ends_with_1_and_the_reason(
    worker: RunningWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker._tokens.current = EngineToken(Secret("the-token"), received_at=0, expires_at=1)
    worker._tokens.last_error = RuntimeError("no response")
    assert await worker._run_and_stop([]) == 1
    record = next(record for record in caplog.records if record.levelname == "ERROR")
    assert record.message == "Stopping the worker: the engine token expired and could not be renewed"
    assert record.exc_info and str(record.exc_info[1]) == "no response"


async def test_a_worker_that_is_shut_down_when_its_core_gives_up_ends_with_0(worker: RunningWorker) -> None:
    worker.shutdown()
    assert await worker._run_and_stop([]) == 0


async def test_a_worker_passes_new_tokens_to_both_clients_while_its_certificate_is_replaced(
    worker: RunningWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(_: Settings, identity: EngineIdentity, *rest: Any, **options: Any) -> Any:
        return Mock(cert=identity.cert)

    monkeypatch.setattr(worker_runtime, "connect_to_engine", connect)
    old: Any = await worker._connect(identity("old"))
    worker._worker = cast(Any, Engine(old))
    drop_old = await worker._swap(identity("new"))
    new: Any = worker._worker.client
    worker._pass_token(create_token("second", None))
    assert (new.cert, old.api_key, new.api_key) == ("new", "second", "second")
    drop_old()
    worker._pass_token(create_token("third", None))
    assert (old.api_key, new.api_key) == ("second", "third")
