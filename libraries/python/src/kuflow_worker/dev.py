"""Runs a worker for development: `python -m kuflow_worker.dev <package>`.

Restarts it when a file changes. A worker that ends by itself is started again after a pause if its code has run before:
the cause is then not the last change.
"""

import signal
import subprocess
import sys
import threading
import time

from watchfiles import watch

INVALID_SETTINGS = 2
LONGEST_PAUSE = 30
# A worker whose code is broken ends within this time, in seconds.
STARTED_AFTER = 10
# After this time, in seconds, the pauses are short again.
STEADY_AFTER = 60


class Restarts:
    """The pauses before the worker is started again, from 1 to 30 seconds, as in `kuflow dev exec`."""

    def __init__(self) -> None:
        self._has_run = False
        self._pause = 1

    def code_changed(self) -> None:
        self._has_run = False
        self._pause = 1

    def pause_after(self, status: int, seconds: float) -> int | None:
        """The pause after a worker that ended by itself, or None if only a change can help."""
        self._has_run = self._has_run or seconds >= STARTED_AFTER
        if status in (0, INVALID_SETTINGS) or not self._has_run:
            return None
        pause = 1 if seconds >= STEADY_AFTER else self._pause
        self._pause = min(pause * 2, LONGEST_PAUSE)
        return pause


def main(package: str) -> int:
    stop = threading.Event()
    # The terminal, make and uv all deliver the same Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    # An empty set every half second, so that the end of the worker is noticed.
    changes = watch("src", "application.yaml", stop_event=stop, rust_timeout=500, yield_on_timeout=True)
    restarts = Restarts()
    while True:
        started_at = time.monotonic()
        with subprocess.Popen([sys.executable, "-m", package, "--dev"]) as worker:
            ended = False
            restart_at: float | None = None
            for change in changes:
                now = time.monotonic()
                if change:
                    restarts.code_changed()
                    break
                if not ended and worker.poll() is not None:
                    ended = True
                    pause = restarts.pause_after(worker.returncode, now - started_at)
                    if pause is not None:
                        restart_at = now + pause
                        print(f"The worker ended with status {worker.returncode}. Starting it again in {pause} s")
                if restart_at is not None and now >= restart_at:
                    break
            worker.terminate()
            status = worker.wait()
        if stop.is_set():
            return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
