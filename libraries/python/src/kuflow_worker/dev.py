"""Runs a worker for development, and restarts it when a file changes: `python -m kuflow_worker.dev <package>`."""

import signal
import subprocess
import sys
import threading

from watchfiles import watch


def main(package: str) -> int:
    stop = threading.Event()
    # The terminal, make and uv all deliver the same Ctrl-C.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while True:
        with subprocess.Popen([sys.executable, "-m", package, "--dev"]) as worker:
            # Returns when a file changes or `stop` is set.
            next(watch("src", "application.yaml", stop_event=stop), None)
            worker.terminate()
            status = worker.wait()
        if stop.is_set():
            return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
