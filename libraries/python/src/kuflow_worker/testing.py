"""Tests of processes: an in-memory KuFlow, workflows on a time-skipping server, and replays of histories.

A plugin adds the fixture `environment` to pytest.
"""

from ._internal.fake_kuflow import Answer, FakeKuFlow, TaskLog
from ._internal.process_run import ProcessRun, start_process
from ._internal.replay import replay
from ._internal.sample import read_sample

__all__ = [
    "Answer",
    "FakeKuFlow",
    "ProcessRun",
    "TaskLog",
    "read_sample",
    "replay",
    "start_process",
]
