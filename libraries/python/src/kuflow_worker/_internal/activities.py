import inspect
from collections.abc import Callable
from typing import Any

from temporalio import activity

from .client import KuFlowClient
from .model import ApplicationResponse, CompleteTaskRequest, ProcessItemResponse
from .operations import OPERATIONS, Operation
from .task_data import Validators, complete_task

# The SDK has no public function that returns the name of an activity.
DEFINITION = "__temporal_activity_definition"


def create_kuflow_activities(kuflow: KuFlowClient, validators: Validators) -> list[Callable[..., Any]]:
    """All activities of KuFlow's own libraries, and those that this worker adds.

    They have the same names, fields and failures, so that workflows written for those libraries run unchanged.
    """
    activities = [_engine_activity(kuflow, operation) for operation in OPERATIONS]
    return [*activities, *activities_of(_WorkerActivities(kuflow, validators))]


def activities_of(instance: object) -> list[Callable[..., Any]]:
    """The methods of an object that are activities."""
    members = inspect.getmembers(type(instance), lambda member: hasattr(member, DEFINITION))
    return [getattr(instance, name) for name, _ in members]


def activity_name(function: Callable[..., Any]) -> str:
    """The name under which a worker offers an activity."""
    return str(getattr(function, DEFINITION).name)


def _engine_activity(kuflow: KuFlowClient, operation: Operation[Any, Any]) -> Callable[..., Any]:
    @activity.defn(name=f"KuFlow_Engine_{operation.name}")
    async def perform(request: Any = None) -> Any:
        return await kuflow.perform(operation, request or {})

    return perform


class _WorkerActivities:
    def __init__(self, kuflow: KuFlowClient, validators: Validators) -> None:
        self._kuflow = kuflow
        self._validators = validators

    @activity.defn(name="KuFlow_Worker_retrieveApplication")
    async def retrieve_application(self) -> ApplicationResponse:
        """The application whose credentials this worker uses. Its ID is its principal ID."""
        return {"applicationId": self._kuflow.application_id}

    @activity.defn(name="KuFlow_Worker_completeTask")
    async def complete_task(self, request: CompleteTaskRequest) -> ProcessItemResponse:
        """Validates and saves the data of a system task, and completes the task."""
        return await complete_task(self._kuflow, self._validators, request)
