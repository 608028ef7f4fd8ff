import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .background import Background
from .metrics import Metrics

LOG = logging.getLogger(__name__)

INTERVAL = 20.0
MAX_SILENCE = 60.0


@dataclass(kw_only=True, eq=False)
class EngineWatch:
    """Checks every 20 s whether a connected engine still answers. Stops if the engine denies the first check.

    `ask` returns the name of its status if the engine does not allow the call.
    """

    ask: Callable[[], Awaitable[str | None]]
    metrics: Metrics
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._answered_at = self.now()
        self._is_reachable = True
        self._is_allowed = False
        self._is_watching = True
        self.metrics.engine_reachable(True)
        self._watch = Background("engine watch", self._keep_asking())

    def problem(self) -> str | None:
        """Why the engine counts as unreachable."""
        silence = self.now() - self._answered_at
        if self._is_watching and silence >= MAX_SILENCE:
            return f"no answer from the engine for {round(silence)} s"
        return None

    def stop(self) -> None:
        self._is_watching = False
        self._watch.stop()

    async def _keep_asking(self) -> None:
        pause = INTERVAL
        while self._is_watching:
            await self.sleep(pause)
            asked_at = self.now()
            await self._ask_again()
            pause = max(0.0, INTERVAL - (self.now() - asked_at))

    async def _ask_again(self) -> None:
        was_reachable = self._is_reachable
        try:
            restriction = await self.ask()
        except Exception as error:
            self._is_reachable = False
            if was_reachable:
                LOG.warning("The engine is not responding", exc_info=error)
        else:
            # During an outage, a proxy in front of the engine may deny the call. Keep asking.
            if restriction is None:
                self._is_allowed = True
            elif not self._is_allowed:
                self._is_watching = False
            self._answered_at = self.now()
            self._is_reachable = True
            if not was_reachable:
                LOG.info("The engine is reachable again")
        self.metrics.engine_reachable(self._is_reachable)
