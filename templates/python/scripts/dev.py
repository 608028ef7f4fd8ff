"""Runs the worker for development, and restarts it when a file changes."""

import signal
import subprocess
import sys
import threading

from watchfiles import watch

WORKER = [sys.executable, "-m", "example_worker", "--dev"]


def main() -> int:
    stop = threading.Event()
    # The terminal, make and uv all deliver the same Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while True:
        with subprocess.Popen(WORKER) as worker:
            # Returns when a file changes or `stop` is set.
            next(watch("src", "application.yaml", stop_event=stop), None)
            worker.terminate()
            status = worker.wait()
        if stop.is_set():
            return status


if __name__ == "__main__":
    sys.exit(main())
