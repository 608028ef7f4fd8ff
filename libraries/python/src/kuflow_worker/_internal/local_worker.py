"""`python -m kuflow_worker._internal.local_worker MODULE …` runs a module, and ends when its stdin closes."""

import os
import runpy
import sys
import threading


def _end_with_stdin() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


if __name__ == "__main__":
    # The worker must not outlive a test runner that is killed.
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
