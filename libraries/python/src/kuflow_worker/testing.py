"""Tests of processes: an in-memory KuFlow, workflows on a time-skipping server, replays, and the local KuFlow.

A plugin adds the `environment` and `local_kuflow` fixtures to pytest.
"""

from ._internal.fake_kuflow import Answer, FakeKuFlow, TaskLog
from ._internal.local_kuflow import LocalKuFlow, LocalProcess
from ._internal.process_run import ProcessRun, start_action, start_process
from ._internal.replay import replay
from ._internal.sample import read_sample

__all__ = [
    "Answer",
    "FakeKuFlow",
    "LocalKuFlow",
    "LocalProcess",
    "ProcessRun",
    "TaskLog",
    "read_sample",
    "replay",
    "start_action",
    "start_process",
]
