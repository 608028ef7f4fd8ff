"""The command that restarts a worker during development."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kuflow_worker.dev import Restarts

# A worker that ends by itself, with the status in its file.
WORKER = """
from pathlib import Path
with Path("starts").open("a") as file:
    file.write("x")
raise SystemExit(STATUS)
"""


def test_restarts_follow_pauses_that_double_up_to_30_s() -> None:
    restarts = Restarts()
    assert [restarts.pause_after(1, 10) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_restarts_follow_a_short_pause_again_after_a_minute() -> None:
    restarts = Restarts()
    restarts.pause_after(1, 10)
    restarts.pause_after(1, 10)
    assert restarts.pause_after(1, 60) == 1
    assert restarts.pause_after(1, 0) == 2


@pytest.mark.parametrize(("status", "seconds"), [(1, 1), (0, 60), (2, 60)])
def test_a_broken_or_finished_worker_waits_for_a_change(status: int, seconds: float) -> None:
    assert Restarts().pause_after(status, seconds) is None


def test_a_change_that_breaks_the_worker_is_not_retried() -> None:
    restarts = Restarts()
    restarts.pause_after(1, 60)
    restarts.code_changed()
    assert restarts.pause_after(1, 1) is None


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM does not exist on Windows")
def test_dev_starts_the_worker_again_after_its_end_and_after_a_change(tmp_path: Path) -> None:
    package = tmp_path / "src" / "trial"
    package.mkdir(parents=True)
    main, starts = package / "__main__.py", tmp_path / "starts"
    main.write_text(WORKER.replace("STATUS", "1"))
    (tmp_path / "application.yaml").touch()
    code = "import sys; from kuflow_worker import dev; dev.STARTED_AFTER = 0; sys.exit(dev.main('trial'))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, env=environment) as dev:
        wait_until(lambda: starts.exists() and len(starts.read_text()) >= 2)
        main.write_text(WORKER.replace("STATUS", "Path('changed').touch()"))
        wait_until((tmp_path / "changed").exists)
        dev.send_signal(signal.SIGTERM)
        dev.wait(60)


def wait_until(state: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not state():
        assert time.monotonic() < deadline
        time.sleep(0.05)
