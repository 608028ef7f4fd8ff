import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

LOG = logging.getLogger(__name__)


class Background:
    """Runs work until `stop` is called. Logs the error if the work fails earlier."""

    def __init__(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.create_task(work, name=name)
        self._task.add_done_callback(_report)

    @property
    def has_ended(self) -> bool:
        return self._task.done()

    def stop(self) -> None:
        self._task.cancel()


def _report(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error:
        LOG.error("Background work ended unexpectedly", exc_info=error, extra={"task": task.get_name()})
