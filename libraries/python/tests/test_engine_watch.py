import logging
from collections.abc import Iterator
from unittest.mock import create_autospec

import pytest

from kuflow_worker._internal.engine_watch import EngineWatch
from kuflow_worker._internal.metrics import no_metrics

from .support.clock import FakeClock


class Engine:
    """An engine that answers, denies a call, or is down."""

    def __init__(self) -> None:
        self.answer: str | Exception | None = None
        self.asked = 0
        self.clock = FakeClock()
        self.metrics = create_autospec(no_metrics)
        self.watch: EngineWatch | None = None

    async def ask(self) -> str | None:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def start(self) -> EngineWatch:
        self.watch = EngineWatch(ask=self.ask, metrics=self.metrics, now=self.clock.now, sleep=self.clock.sleep)
        return self.watch

    @property
    def reachable(self) -> list[bool]:
        return [call.args[0] for call in self.metrics.engine_reachable.call_args_list]


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine()
    yield engine
    if engine.watch:
        engine.watch.stop()


async def test_polls_every_20_s_and_is_unhealthy_after_60_s_without_a_response(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    watch = engine.start()
    await engine.clock.advance(20)
    engine.answer = ConnectionError("tcp connect error")
    await engine.clock.advance(59)
    assert watch.problem() is None
    await engine.clock.advance(1)
    assert watch.problem() == "no answer from the engine for 60 s"
    assert engine.asked == 4
    engine.answer = None
    await engine.clock.advance(20)
    assert watch.problem() is None
    lines = [(record.levelname, record.message) for record in caplog.records]
    assert lines == [("WARNING", "The engine is not responding"), ("INFO", "The engine is reachable again")]
    assert engine.reachable == [True, True, False, False, False, True]


async def test_counts_an_engine_that_denies_the_call_as_reachable_and_does_not_ask_again(engine: Engine) -> None:
    watch = engine.start()
    engine.answer = "PERMISSION_DENIED"
    await engine.clock.advance(600)
    assert engine.asked == 1
    assert watch.problem() is None
    assert engine.reachable == [True, True]


async def test_asks_again_if_only_a_later_call_is_denied(engine: Engine) -> None:
    watch = engine.start()
    await engine.clock.advance(20)
    engine.answer = "UNIMPLEMENTED"
    await engine.clock.advance(20)
    engine.answer = ConnectionError("tcp connect error")
    await engine.clock.advance(60)
    assert watch.problem() == "no answer from the engine for 60 s"
