"""Added to a generated project by the end-to-end tests: workflows that exercise the worker."""

import asyncio
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

from kuflow_worker.workflow import (
    HumanTask,
    KuFlowProcess,
    WorkflowRequest,
    WorkflowResponse,
    run_activity,
    with_options,
)
from kuflow_worker._internal.workflow.item_context import ItemContext, run_for_item
from kuflow_worker._internal.workflow.kuflow_activities import kuflow_activities, retrieve_application_id
from .trial_activities import TrialActivities

STEADY = timedelta(seconds=75)
# A single attempt, so that a task that the worker loses fails the workflow.
ONLY_ONCE = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10), retry_policy=RetryPolicy(maximum_attempts=1)
)


async def create_task(process_id: str, code: str) -> str:
    task_id = str(workflow.uuid4())
    await kuflow_activities.create_process_item(
        {"id": task_id, "type": "TASK", "processId": process_id, "processItemDefinitionCode": code}
    )
    return task_id


@workflow.defn
class SteadyWorkflow:
    """Short activities without pauses: the worker's own and KuFlow's."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        short_work = with_options(TrialActivities.short_work, ONLY_ONCE)
        end = workflow.now() + STEADY
        while workflow.now() < end:
            await asyncio.gather(
                run_activity(short_work, 700),
                run_activity(short_work, 1200),
                kuflow_activities.retrieve_process({"processId": request["processId"]}),
            )
        return {"message": "steady"}


@workflow.defn
class OutsideWorkflow:
    """A task that nobody completes, read again every half second."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request, reread_after=timedelta(milliseconds=500))

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        await self._kuflow.human_task(HumanTask[Any]("OUTSIDE"))
        return {"message": "completed"}


@workflow.defn
class FailingWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        raise ApplicationError("Out of paper", non_retryable=True)


@workflow.defn
class SlowWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        return {"message": await run_activity(TrialActivities.slow_work)}


@workflow.defn
class PostsWorkflow:
    """Each POST of KuFlow's activities that the local platform serves."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        process_id = request["processId"]
        application_id = await retrieve_application_id()
        process = (await kuflow_activities.retrieve_process({"processId": process_id}))["process"]
        task_id = await create_task(process_id, "POSTS")
        await kuflow_activities.claim_process_item_task({"processItemId": task_id})
        await kuflow_activities.append_process_item_task_log(
            {"processItemId": task_id, "level": "INFO", "message": "Begun"}
        )
        await kuflow_activities.assign_process_item_task(
            {"processItemId": task_id, "ownerId": process.get("initiatorId", "")}
        )
        await kuflow_activities.assign_process_item_task({"processItemId": task_id, "ownerId": application_id})
        await kuflow_activities.complete_process_item_task({"processItemId": task_id})
        canceled = await create_task(process_id, "POSTS")
        await kuflow_activities.cancel_process_items({"processId": process_id, "processItemIds": [canceled]})
        await kuflow_activities.change_process_initiator({"processId": process_id, "initiatorId": application_id})
        return {"message": "posted"}


@workflow.defn
class BrokenWorkflow:
    """Workflow code that fails at the same place in every attempt."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        words: dict[str, list[str]] = {}
        return {"message": " ".join(words[request["processId"]])}


@workflow.defn
class MisspelledWorkflow:
    """Calls an activity whose name is misspelled."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        return {"message": await workflow.execute_activity("slowWrok", start_to_close_timeout=timedelta(minutes=1))}


@workflow.defn
class FlakyWorkflow:
    """A task whose activities fail: several times, at once and forever, and by a timeout."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        task_id = await create_task(request["processId"], "FLAKY")
        steady = workflow.ActivityConfig(
            start_to_close_timeout=timedelta(seconds=10), retry_policy=RetryPolicy(backoff_coefficient=1)
        )
        once = workflow.ActivityConfig(
            start_to_close_timeout=timedelta(seconds=1), retry_policy=RetryPolicy(maximum_attempts=1)
        )
        with run_for_item(ItemContext(task_id, "FLAKY", validates=False)):
            workflow.logger.info("Working")
            outcomes = await asyncio.gather(
                run_activity(with_options(TrialActivities.flaky_work, steady)),
                run_activity(with_options(TrialActivities.non_retryable_work, steady)),
                run_activity(with_options(TrialActivities.slow_work, once)),
                return_exceptions=True,
            )
            words = ("rejected" if isinstance(outcome, BaseException) else "fulfilled" for outcome in outcomes)
            workflow.logger.info(f"Worked {','.join(words)}")
        workflow.logger.info("Out of the task")
        return {"message": "done"}


@workflow.defn
class LargeWorkflow:
    """Payloads of 50,000 and 150,000 bytes to and from activities, and then a task."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        await run_activity(TrialActivities.length_of, "x" * 50_000)
        await run_activity(TrialActivities.text_of, 50_000)
        refused = ""
        try:
            await run_activity(TrialActivities.text_of, 150_000)
        except ActivityError as failure:
            refused = str(failure.cause)
        await self._kuflow.human_task(HumanTask[Any]("LARGE"))
        return {"message": refused}


@workflow.defn
class TooLargeWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        return {"message": str(await run_activity(TrialActivities.length_of, "x" * 150_000))}
