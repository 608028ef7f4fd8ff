"""What a project declares: its worker and the processes that it runs."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .client import KuFlowClient
from .task_data import Validators, load_validators


@dataclass(frozen=True, slots=True)
class Process:
    """A process that a worker runs."""

    workflow: type
    """The workflow class. `schemas.json` in its package has the schemas of the system tasks."""
    activities: Sequence[Callable[[KuFlowClient], object]] = ()
    """Classes with your own activities. Their constructors get the client for KuFlow."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker: pass it to `run`."""

    name: str
    """The name of your project, which KuFlow and the engine see."""
    processes: Sequence[Process]

    @property
    def workflows(self) -> list[type]:
        return [process.workflow for process in self.processes]

    @property
    def activities(self) -> list[Callable[[KuFlowClient], object]]:
        return [activities for process in self.processes for activities in process.activities]

    @property
    def validators(self) -> Validators:
        """The validators of all system tasks."""
        return validators_of(self.workflows)

    @property
    def packages(self) -> list[str]:
        """The names of the packages with the code of this worker."""
        return sorted({workflow.__module__.partition(".")[0] for workflow in self.workflows})


def validators_of(workflows: Sequence[type]) -> Validators:
    """The validators of the system tasks of these workflows, from the `schemas.json` next to their modules."""
    modules = [sys.modules[workflow.__module__] for workflow in workflows]
    return load_validators({module.__package__ for module in modules if module.__package__})
