"""The sandbox in which workflow code runs."""

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

LIBRARY = __name__.partition(".")[0]
# The modules of a process that have no state, and may import libraries that workflow code must not use.
SHARED_MODULES = ("activities", "tasks", "types")


def workflow_runner(workflows: Sequence[type]) -> SandboxedWorkflowRunner:
    """Returns the sandbox of these workflows for workers, tests and replays.

    It loads each workflow module, and your other modules that it imports, again for each run of a workflow. This
    isolates their state, and stops code that is not deterministic. This library and the activities, tasks and types of
    processes are shared.
    """
    shared: list[str] = []
    for package in {workflow.__module__.partition(".")[0] for workflow in workflows}:
        # A module outside of a package has no such modules next to it.
        path = getattr(import_module(package), "__path__", [])
        parts = [part.name for part in iter_modules(path, f"{package}.") if part.ispkg]
        shared += [f"{part}.{module}" for part in parts for module in SHARED_MODULES]
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(LIBRARY, *shared))


def workflow_type(workflow: type) -> str:
    """The name that a workflow class has in the engine."""
    name: str = vars(workflow)["__temporal_workflow_definition"].name
    return name
