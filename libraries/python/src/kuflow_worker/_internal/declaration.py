"""What a project declares: its worker and the processes that it runs."""

import inspect
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel
from temporalio.worker import Interceptor

from .client import KuFlowClient
from .task_data import Validators, load_validators

CreateActivities: TypeAlias = Callable[[KuFlowClient], object] | Callable[[KuFlowClient, Any], object]


@dataclass(frozen=True, slots=True)
class Process:
    """A process or user action whose workflow runs on a worker."""

    workflow: type
    """The workflow class. `schemas.json` in its package has the schemas of the system tasks."""
    activities: Sequence[CreateActivities] = ()
    """Classes with your own activities. Their constructors get the client for KuFlow.

    A second parameter gets what `open_resources` of the worker yields, or your settings without `open_resources`.
    """


@dataclass(frozen=True, slots=True)
class Worker:
    """Describes a worker. Pass it to `run`."""

    name: str
    """The name of your project, which KuFlow and the engine see."""
    processes: Sequence[Process]
    settings: type[BaseModel] | None = None
    """The model of your own settings, which are below `app:` in `application.yaml`."""
    open_resources: Callable[[Any], AbstractAsyncContextManager[Any]] | None = None
    """Opens what your activities need before the worker connects, and closes it after the last activity has ended.

    Gets your settings. Usually a function with `@asynccontextmanager`.
    """
    interceptors: Sequence[Interceptor] = ()
    """Temporal's interceptors, around the workflows and activities of this worker."""

    @property
    def workflows(self) -> list[type]:
        return [process.workflow for process in self.processes]

    def create_activities(self, kuflow: KuFlowClient, resources: object) -> list[object]:
        classes: list[Callable[..., object]] = [one for process in self.processes for one in process.activities]
        arguments = (kuflow, resources)
        return [create(*arguments[: len(inspect.signature(create).parameters)]) for create in classes]

    @property
    def packages(self) -> list[str]:
        """The names of the packages with the code of this worker."""
        return sorted({workflow.__module__.partition(".")[0] for workflow in self.workflows})


def validators_of(workflows: Sequence[type]) -> Validators:
    """The validators of the system tasks of these workflows, from the `schemas.json` next to their modules."""
    modules = [sys.modules[workflow.__module__] for workflow in workflows]
    return load_validators({module.__package__ for module in modules if module.__package__})
