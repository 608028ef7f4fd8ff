from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from example_worker.kuflow.activities import activity_name, create_kuflow_activities
from example_worker.kuflow.activity_interceptor import create_activity_interceptor
from example_worker.kuflow.client import KuFlowClient
from example_worker.kuflow.metrics import Metrics, no_metrics
from example_worker.kuflow.rest_client import RestClient, create_rest_client
from example_worker.kuflow.secret import Secret
from example_worker.kuflow.settings import (
    ApiSettings,
    Settings,
    TemporalSettings,
    WorkerSettings,
)
from example_worker.kuflow.task_failures import TaskFailures
from example_worker.kuflow.workflow.item_context import (
    ItemContext,
    run_for_item,
    with_item,
)

APPLICATION_ID = "11111111-2222-4333-8444-555555555555"


class _Last(ActivityInboundInterceptor):
    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        return await input.fn(*input.args)


def activity_environment(**info: Any) -> ActivityEnvironment:
    """Where activities run as in this worker. `info` sets fields of `activity.info()`."""
    environment = ActivityEnvironment()
    environment.info = replace(environment.info, start_to_close_timeout=timedelta(minutes=1), **info)
    return environment


async def run_activity(
    environment: ActivityEnvironment,
    function: Callable[..., Any],
    *arguments: Any,
    item: ItemContext | None = None,
    failures: TaskFailures | None = None,
) -> Any:
    with run_for_item(item):
        headers = with_item({})
    interceptor = create_activity_interceptor(failures).intercept_activity(_Last())
    call = ExecuteActivityInput(fn=function, args=arguments, executor=None, headers=headers)
    return await environment.run(interceptor.execute_activity, call)


async def run_kuflow_activity(rest: RestClient, name: str, *request: Any) -> Any:
    """Runs one of KuFlow's activities, such as `KuFlow_Engine_retrieveProcess`."""
    activities = create_kuflow_activities(KuFlowClient(rest, APPLICATION_ID))
    function = next(function for function in activities if activity_name(function) == name)
    return await run_activity(activity_environment(activity_type=name), function, *request)


def rest_client(endpoint: str, metrics: Metrics = no_metrics, ca: str | None = None) -> RestClient:
    api = ApiSettings(endpoint, APPLICATION_ID, Secret("s"), tenant_id=None, ca=ca)
    temporal = TemporalSettings("localhost:1", None, "Q", mutual_tls=None, server_name=None, proxy=None, no_proxy="")
    worker = WorkerSettings(
        None, (), 0, 0, None, None, "info", None, attempts_before_task_log=5, max_payload_bytes=10_000
    )
    return create_rest_client(Settings(api, temporal, worker), metrics)
