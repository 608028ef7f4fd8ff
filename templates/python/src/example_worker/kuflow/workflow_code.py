"""The sandbox in which workflow code runs."""

from importlib import import_module
from pkgutil import iter_modules

from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

KUFLOW = __name__.rpartition(".")[0]
PACKAGE = KUFLOW.rpartition(".")[0]
# The modules of a process that have no state, and may import libraries that workflow code must not use.
SHARED_MODULES = ("activities", "tasks", "types")


def workflow_runner() -> SandboxedWorkflowRunner:
    """Returns the sandbox of this worker, its tests and replays.

    It loads each workflow module, and your other modules that it imports, again for each run of a workflow. This
    isolates their state, and stops code that is not deterministic. This package and the activities, tasks and types of
    processes are shared.
    """
    parts = iter_modules(import_module(PACKAGE).__path__, f"{PACKAGE}.")
    shared = [f"{part.name}.{module}" for part in parts if part.ispkg for module in SHARED_MODULES]
    return SandboxedWorkflowRunner(restrictions=SandboxRestrictions.default.with_passthrough_modules(KUFLOW, *shared))
