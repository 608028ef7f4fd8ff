import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from .background import Background
from .metrics import Metrics
from .secret import Secret

LOG = logging.getLogger(__name__)

FALLBACK_LIFE = 5 * 60.0
MAX_LIFE = 366 * 24 * 3600.0
CLOCK_CHECK_INTERVAL = 30.0


@dataclass(frozen=True, slots=True)
class EngineToken:
    """A bearer token for the engine. Times are in seconds since the epoch, by the clock of this machine."""

    value: Secret
    received_at: float
    expires_at: float


def create_token(token: str, expired_at: str | None, now: Callable[[], float] = time.time) -> EngineToken:
    """A token with a missing, past or implausible `expired_at` is assumed to be valid for five minutes."""
    received_at = now()
    life = _parse_time(expired_at) - received_at
    is_plausible = 0 < life <= MAX_LIFE
    return EngineToken(Secret(token), received_at, received_at + (life if is_plausible else FALLBACK_LIFE))


def token_renewal_time(token: EngineToken) -> float:
    """A tenth of the lifetime after the token was received, but no sooner than 1 s and no later than 10 min."""
    return token.received_at + max(1.0, min((token.expires_at - token.received_at) / 10, 600.0))


@dataclass(kw_only=True, eq=False)
class TokenRenewer:
    request: Callable[[], Awaitable[EngineToken]]
    metrics: Metrics
    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        self.current: EngineToken | None = None
        self.last_error: Exception | None = None
        """Why the last request failed. None after a successful one."""
        self._pending: asyncio.Task[EngineToken] | None = None
        self._renewal: Background | None = None

    async def renew(self) -> EngineToken:
        """Requests a new token. Concurrent callers share one request, which goes on if one of them is canceled."""
        if self._pending is None:
            self._pending = asyncio.create_task(self._request_and_keep())
        return await asyncio.shield(self._pending)

    async def supply(self) -> EngineToken:
        """The current token while it is valid, otherwise a new one."""
        if self.current is not None and self.is_valid():
            return self.current
        return await self.renew()

    def is_valid(self) -> bool:
        return self.current is not None and self.current.expires_at > self.now()

    async def wait_until_lost(self, grace: float) -> None:
        """Returns when the token could not be renewed for `grace` seconds after it expired.

        Does not count the time in which a laptop slept, so that it can renew the token when it wakes up.
        """
        seconds = 0
        while seconds < grace:
            await self.sleep(1)
            seconds = 0 if self.is_valid() else seconds + 1

    def start(self, on_token: Callable[[EngineToken], None]) -> None:
        """Renews the token until `stop` is called, and passes each new one to `on_token`."""
        self._renewal = Background("token renewal", self._keep_renewing(on_token))

    def stop(self) -> None:
        if self._renewal is not None:
            self._renewal.stop()
        if self._pending is not None:
            self._pending.cancel()

    async def _keep_renewing(self, on_token: Callable[[EngineToken], None]) -> None:
        failures = 0
        due_at = 0.0 if self.current is None else token_renewal_time(self.current)
        while True:
            # Checks the wall clock regularly instead of sleeping for long: a laptop renews as soon as it wakes up.
            await self.sleep(max(0.0, min(due_at - self.now(), CLOCK_CHECK_INTERVAL)))
            if self.current is not None:
                self.metrics.token_age(self.now() - self.current.received_at)
            if self.now() < due_at:
                continue
            try:
                token = await self.renew()
                on_token(token)
            except Exception as error:
                failures += 1
                pause = self._back_off(failures)
                due_at = self.now() + pause
                extra = {"seconds": math.ceil(pause)}
                LOG.warning("Could not renew the engine token", exc_info=error, extra=extra)
            else:
                failures = 0
                due_at = token_renewal_time(token)
                LOG.debug("Engine token renewed", extra={"seconds": round(token.expires_at - self.now())})

    async def _request_and_keep(self) -> EngineToken:
        try:
            self.current = await self.request()
        except Exception as error:
            self.last_error = error
            self.metrics.token_renewal_failed()
            raise
        finally:
            self._pending = None
        self.last_error = None
        self.metrics.token_age(0)
        return self.current

    def _back_off(self, failures: int) -> float:
        """The pause before the next attempt. Doubles each time, but allows several while the token is still valid."""
        left = (self.current.expires_at if self.current else 0) - self.now()
        max_pause = max(1.0, min(30.0, left / 4 if left > 0 else 5.0))
        return min(max_pause, 2.0 ** min(failures - 1, 10)) * (0.5 + self.jitter() / 2)


def _parse_time(text: str | None) -> float:
    """Seconds since the epoch, or 0 for a text that is not a time with its time zone."""
    try:
        time_of = datetime.fromisoformat(text or "")
    except (ValueError, TypeError):
        return 0
    return time_of.timestamp() if time_of.tzinfo else 0
