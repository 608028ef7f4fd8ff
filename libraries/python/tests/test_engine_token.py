import asyncio
from datetime import UTC, datetime

import pytest

from kuflow_worker._internal.engine_token import (
    EngineToken,
    TokenRenewer,
    create_token,
    token_renewal_time,
)
from kuflow_worker._internal.metrics import no_metrics
from kuflow_worker._internal.secret import Secret

from .support.clock import FakeClock, settle


class TokenSource:
    """Responds to requests for a token at once, unless a test holds the responses back or lets them fail."""

    def __init__(self, clock: FakeClock, life: float = 3600) -> None:
        self.requests = 0
        self.error: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self._clock = clock
        self._life = life

    async def request(self) -> EngineToken:
        self.requests += 1
        number = self.requests
        await self.open.wait()
        if self.error:
            raise self.error
        now = self._clock.now()
        return EngineToken(Secret(f"token-{number}"), now, now + self._life)


def renewer(source: TokenSource, clock: FakeClock) -> TokenRenewer:
    return TokenRenewer(
        request=source.request, metrics=no_metrics, now=clock.now, sleep=clock.sleep, jitter=lambda: 1.0
    )


@pytest.mark.parametrize(("life", "expected"), [(3600, 360), (86_400, 600), (5, 1)])
def test_is_renewed_after_a_tenth_of_its_lifetime(life: float, expected: float) -> None:
    assert token_renewal_time(EngineToken(Secret("t"), 1_000, 1_000 + life)) == 1_000 + expected


@pytest.mark.parametrize(
    "expired_at", [None, "nonsense", "2020-01-01T00:00:00Z", "2026-01-01T00:00:00", "9999-12-31T00:00:00Z"]
)
def test_is_assumed_to_be_valid_for_five_minutes_when_its_expiry_is_implausible(expired_at: str | None) -> None:
    assert create_token("t", expired_at, lambda: 1_735_689_600).expires_at == 1_735_689_600 + 300


def test_expires_at_the_time_that_kuflow_sets() -> None:
    now = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
    assert create_token("t", "2025-01-01T01:00:00.000Z", lambda: now).expires_at == now + 3600


async def test_is_requested_once_for_1000_concurrent_callers_when_it_has_expired() -> None:
    clock = FakeClock()
    source = TokenSource(clock)
    tokens = renewer(source, clock)
    await tokens.renew()
    clock.jump(3600)
    source.open.clear()
    callers = [asyncio.create_task(tokens.supply()) for _ in range(1_000)]
    await settle()
    # The request goes on for the others.
    callers[0].cancel()
    source.open.set()
    supplied = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(supplied[0], asyncio.CancelledError)
    assert {token.value.reveal() for token in supplied[1:] if isinstance(token, EngineToken)} == {"token-2"}
    assert source.requests == 2


async def test_is_still_supplied_to_1000_concurrent_callers_while_it_is_renewed() -> None:
    clock = FakeClock()
    source = TokenSource(clock)
    tokens = renewer(source, clock)
    await tokens.renew()
    source.open.clear()
    pushed: list[str] = []
    tokens.start(lambda token: pushed.append(token.value.reveal()))
    await clock.advance(3599)
    supplied = await asyncio.gather(*(tokens.supply() for _ in range(1_000)))
    assert {token.value.reveal() for token in supplied} == {"token-1"}

    # Even a renewal that fails does no harm while the old token is valid.
    source.error = ConnectionError("down")
    source.open.set()
    await settle()
    supplied = await asyncio.gather(*(tokens.supply() for _ in range(1_000)))
    assert {token.value.reveal() for token in supplied} == {"token-1"}
    assert (source.requests, pushed) == (2, [])
    source.error = None
    await clock.advance(1)
    assert pushed == ["token-3"]
    tokens.stop()


async def test_is_renewed_repeatedly_and_retried_with_growing_pauses_after_a_failure() -> None:
    clock = FakeClock()
    source = TokenSource(clock)
    tokens = renewer(source, clock)
    await tokens.renew()
    pushed: list[EngineToken] = []
    tokens.start(pushed.append)
    await clock.advance(361)
    assert len(pushed) == 1

    source.error = ConnectionError("down")
    source.requests = 0
    await clock.advance(420)
    # Pauses of 1, 2, 4, 8 and 16 s, then 30 s each: neither a hot loop nor a single attempt.
    assert 4 < source.requests < 10
    assert tokens.last_error is source.error
    assert tokens.is_valid()
    tokens.stop()


async def test_is_renewed_when_a_laptop_wakes_up() -> None:
    clock = FakeClock()
    source = TokenSource(clock)
    tokens = renewer(source, clock)
    await tokens.renew()
    tokens.start(lambda token: None)
    lost = asyncio.create_task(tokens.wait_until_lost(60))
    await clock.advance(0)
    clock.jump(7200)
    assert not tokens.is_valid()
    await clock.advance(30)
    assert source.requests == 2
    assert tokens.is_valid()
    await clock.advance(60)
    assert not lost.done()
    lost.cancel()
    tokens.stop()


async def test_is_lost_when_it_could_not_be_renewed_for_a_minute_after_it_expired() -> None:
    clock = FakeClock()
    source = TokenSource(clock, life=30)
    tokens = renewer(source, clock)
    await tokens.renew()
    source.error = ConnectionError("down")
    tokens.start(lambda token: None)
    lost = asyncio.create_task(tokens.wait_until_lost(60))
    await clock.advance(88)
    assert not lost.done()
    await clock.advance(2)
    assert lost.done()
    assert tokens.last_error is source.error
    tokens.stop()
