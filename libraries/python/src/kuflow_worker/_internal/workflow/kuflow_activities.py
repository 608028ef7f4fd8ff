"""Calls of activities with the timeouts and retries of this worker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

from ..operations import KuFlowOperations, Operation
from .rejections import rejection_of

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Marks histories with a cancellation that arrived in the same workflow task as the result of an activity.
CANCELED_WITH_RESULT = "kuflow-canceled-with-result"

# The attribute of an activity that has its own options.
OPTIONS = "__kuflow_options"

#: Retries until the activity succeeds or the process is ended, so that a process survives any outage.
ACTIVITY_OPTIONS = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    schedule_to_close_timeout=timedelta(days=365),
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
    ),
)

#: Options for activities that transfer documents, as in `with_options(LoanActivities.send_contract, TRANSFER)`. Each
#: attempt can take up to ten minutes, and fails after one minute without a heartbeat.
TRANSFER = ActivityConfig(start_to_close_timeout=timedelta(minutes=10), heartbeat_timeout=timedelta(minutes=1))

#: Options of calls that are not essential and must not hold up the workflow.
BRIEF = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=20),
    schedule_to_close_timeout=timedelta(minutes=1),
    retry_policy=RetryPolicy(maximum_attempts=3),
)


class KuFlowActivities(KuFlowOperations):
    """KuFlow's activities, as methods such as `retrieve_process`."""

    def __init__(self, options: ActivityConfig = ACTIVITY_OPTIONS) -> None:
        self._options = options

    async def perform(self, operation: Operation[Any, Any], request: Mapping[str, Any]) -> Any:
        activity = f"KuFlow_Engine_{operation.name}"
        return await with_cancellation(workflow.execute_activity(activity, request, **self._options))


async def with_cancellation(work: Awaitable[Result]) -> Result:
    """Awaits an activity, and raises `CallRejected` if that is its failure.

    The SDK alone loses a cancellation that arrives in the same workflow task as the result of the activity, and fails
    code that is canceled while it waits.
    """
    before = _cancellation_requests()
    try:
        result = await work
    except ActivityError as error:
        if is_cancelled_exception(error) and _cancellation_requests() > before:
            raise asyncio.CancelledError from error
        rejection = rejection_of(error)
        if rejection is None:
            raise
        raise rejection from error
    if _cancellation_requests() > before and workflow.patched(CANCELED_WITH_RESULT):
        raise asyncio.CancelledError
    return result


def _cancellation_requests() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


kuflow_activities = KuFlowActivities()
brief_activities = KuFlowActivities(BRIEF)


async def complete_task(process_item_id: str, code: str, data: object) -> None:
    """Validates and saves the data of a system task, and completes the task."""
    request = {"processItemId": process_item_id, "code": code, "data": data}
    await workflow.execute_activity("KuFlow_Worker_completeTask", request, **ACTIVITY_OPTIONS)


async def retrieve_application_id() -> str:
    """Returns the ID of the application whose credentials this worker uses. It is the ID of its principal, too."""
    name = "KuFlow_Worker_retrieveApplication"
    response: dict[str, str] = await workflow.execute_local_activity(name, start_to_close_timeout=timedelta(seconds=10))
    return response["applicationId"]


async def run_activity(
    activity: Callable[Concatenate[Any, Parameters], Awaitable[Result]],
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Result:
    """Runs one of your own activities, such as `LoanActivities.check_credit`.

    By default, each attempt times out after one minute. A failed attempt is retried after one second. The delay
    doubles after each further failure, up to five minutes. Retries continue until an attempt succeeds or 365 days
    have passed. To replace these defaults, use `with_options`.
    """
    if kwargs:
        raise TypeError("Temporal passes the arguments of an activity by position")
    options: ActivityConfig = {**ACTIVITY_OPTIONS, **getattr(activity, OPTIONS, ActivityConfig())}
    result: Result = await with_cancellation(workflow.execute_activity(activity, args=args, **options))
    return result


def with_options(activity: Callable[Parameters, Result], options: ActivityConfig) -> Callable[Parameters, Result]:
    """Returns the activity with the options that you pass, such as `TRANSFER` for document transfers."""

    # Also copies the name of the activity in the engine.
    @wraps(activity)
    def with_other_options(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        return activity(*args, **kwargs)

    setattr(with_other_options, OPTIONS, options)
    return with_other_options
