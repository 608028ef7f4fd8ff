import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Line = TypeVar("Line")

# How many seconds a failure is remembered after it last happened.
MEMORY = 600
MAX_FAILURES = 1_000
MAX_LENGTH = 500


@dataclass(slots=True)
class _Failure(Generic[Line]):
    last_at: float
    times: int = 0
    """Since the last report."""
    line: Line | None = None


class LogRepeats(Generic[Line]):
    """Remembers failures, and reports how often each of them happened again when `report_all` is called."""

    def __init__(self, report: Callable[[Line, int], None], now: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._now = now
        # In ascending order of `last_at`.
        self._failures: dict[str, _Failure[Line]] = {}

    def is_repeated(self, key: str, process_id: str, line: Line) -> bool:
        """Counts a failure that has happened before in the same process. Returns False for a new one: log it."""
        is_new = self.is_new(key)
        is_new_in_process = self.is_new(f"{key} {process_id}")
        counted = self._failures.get(key)
        if is_new or is_new_in_process or counted is None:
            return False
        counted.times += 1
        counted.line = line
        return True

    def is_new(self, key: str) -> bool:
        """Whether this key was not logged recently."""
        known = self._failures.pop(key, None)
        failure = known or _Failure(self._now())
        failure.last_at = self._now()
        self._failures[key] = failure
        if len(self._failures) > MAX_FAILURES:
            oldest = next(iter(self._failures))
            self._report_again(self._failures.pop(oldest))
        return known is None

    def report_all(self) -> None:
        """Reports what happened again since the last call. Call it once per minute."""
        for key, failure in list(self._failures.items()):
            self._report_again(failure)
            if self._now() - failure.last_at >= MEMORY:
                del self._failures[key]

    def _report_again(self, failure: _Failure[Line]) -> None:
        if failure.line is None:
            return
        line, times = failure.line, failure.times
        failure.line, failure.times = None, 0
        self._report(line, times)


def without_ids(text: str) -> str:
    """Replaces what differs between repeats of a failure: IDs, and numbers such as ports."""
    text = re.sub(r"[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}", "#", text[:MAX_LENGTH], flags=re.IGNORECASE)
    return re.sub(r"\d+", "#", text)
