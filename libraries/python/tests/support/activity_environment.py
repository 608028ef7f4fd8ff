from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from kuflow_worker._internal.activities import activity_name, create_kuflow_activities
from kuflow_worker._internal.activity_interceptor import ActivityInterceptor
from kuflow_worker._internal.client import KuFlowClient
from kuflow_worker._internal.metrics import Metrics, no_metrics
from kuflow_worker._internal.rest_client import RestClient, create_rest_client
from kuflow_worker._internal.settings import load_settings
from kuflow_worker._internal.task_data import Validators
from kuflow_worker._internal.task_failures import TaskFailures
from kuflow_worker._internal.workflow.item_context import (
    ItemContext,
    run_for_item,
    with_item,
)

from .environment import APPLICATION_ID, ENVIRONMENT


class _Last(ActivityInboundInterceptor):
    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        return await input.fn(*input.args)


def activity_environment(**info: Any) -> ActivityEnvironment:
    """An environment that runs activities as the worker does. `info` sets fields of `activity.info()`."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, start_to_close_timeout=timedelta(minutes=1), **info)
    return environment


async def run_activity(
    environment: ActivityEnvironment,
    function: Callable[..., Any],
    *arguments: Any,
    item: ItemContext | None = None,
    failures: TaskFailures | None = None,
    validators: Validators | None = None,
) -> Any:
    with run_for_item(item):
        headers = with_item({})
    interceptor = ActivityInterceptor(failures, validators=validators or {}).intercept_activity(_Last())
    call = ExecuteActivityInput(fn=function, args=arguments, executor=None, headers=headers)
    return await environment.run(interceptor.execute_activity, call)


async def run_kuflow_activity(rest: RestClient, name: str, *request: Any) -> Any:
    """Runs one of KuFlow's activities, such as `KuFlow_Engine_retrieveProcess`."""
    activities = create_kuflow_activities(KuFlowClient(rest, APPLICATION_ID), {})
    function = next(function for function in activities if activity_name(function) == name)
    return await run_activity(activity_environment(activity_type=name), function, *request)


def rest_client(endpoint: str, metrics: Metrics = no_metrics, ca: str | None = None) -> RestClient:
    # This folder has no files with settings.
    settings = load_settings(Path(__file__).parent, ENVIRONMENT | {"KUFLOW_API_ENDPOINT": endpoint})
    return create_rest_client(replace(settings, api=settings.api.model_copy(update={"ca": ca})), metrics, "trial")
