"""Added to a generated project by the end-to-end tests: workflows that work with tasks and documents."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, cast

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

from kuflow_worker import FileFields
from kuflow_worker._internal.workflow.kuflow_activities import kuflow_activities
from kuflow_worker.workflow import (
    TRANSFER,
    ActionRequest,
    ActionResponse,
    HumanTask,
    KuFlowProcess,
    TaskCancelled,
    TaskHandle,
    WorkflowRequest,
    WorkflowResponse,
    run_activity,
    with_options,
)
from ..loan import tasks
from ..loan.types import CheckCreditData
from .task_activities import Content, TaskActivities


class Review(TypedDict):
    ok: bool


class Note(TypedDict):
    text: str


REVIEW = HumanTask[Review]("REVIEW")
SECOND = HumanTask[Any]("SECOND")
THIRD = HumanTask[Any]("THIRD")


async def outcome_of(work: Awaitable[object]) -> str:
    try:
        return str(await work)
    except TaskCancelled as canceled:
        return f"canceled {canceled.code}"
    except asyncio.CancelledError:
        return "scope canceled"


@workflow.defn
class HandlesWorkflow:
    """A task that is assigned and then completed, one that its handle cancels, and two whose scopes are canceled."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)
        self._opened = 0

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self._kuflow
        process = (await kuflow_activities.retrieve_process({"processId": request["processId"]}))["process"]
        first = await kuflow.open_task(REVIEW)
        await first.log("Look at this first", "WARN")
        await first.assign(owner_id=process.get("initiatorId"))
        ok = (await first.done)["ok"]

        second = await kuflow.open_task(SECOND)
        await second.cancel()
        outcome = await outcome_of(second.done)

        system_scope = asyncio.create_task(self._open_system_task())
        await workflow.wait_condition(lambda: self._opened == 1)
        system_scope.cancel()

        scope = asyncio.create_task(self._open_third())
        await workflow.wait_condition(lambda: self._opened == 2)
        scope.cancel()
        third = await outcome_of(scope)
        await outcome_of(system_scope)
        return {"message": f"{json.dumps(ok)}, {outcome}, {third}"}

    async def _open_system_task(self) -> None:
        await self._kuflow.open_task(tasks.CHECK_CREDIT)
        self._opened += 1
        await workflow.sleep(timedelta(days=1))

    async def _open_third(self) -> object:
        handle = await self._kuflow.open_task(THIRD)
        self._opened += 1
        return await handle.done


@workflow.defn
class DeadlineWorkflow:
    """A deadline that passes, and one that does not. Signals of the type `Note` are part of the result."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)
        self._notes: list[str] = []
        self._calls = 0
        self._kuflow.on_signal("Note", self._add_note)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self._kuflow
        review = await kuflow.human_task(REVIEW, deadline=timedelta(seconds=1), on_deadline=self._count)
        later = workflow.now() + timedelta(hours=1)
        await kuflow.human_task(SECOND, deadline=later, on_deadline=self._count)
        return {"message": f"{self._calls} calls, {json.dumps(review['ok'])}, {','.join(self._notes)}"}

    async def _count(self, task: TaskHandle[Any]) -> None:
        self._calls += 1
        await task.log(f"Call {self._calls}")

    def _add_note(self, note: Note) -> None:
        self._notes.append(note["text"])


@workflow.defn
class UnassignableWorkflow:
    """A task that cannot be assigned, and is completed."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        task = await self._kuflow.open_task(REVIEW)
        await task.assign(owner_email="nobody@example.com")
        return {"message": json.dumps((await task.done)["ok"])}


@workflow.defn
class EarlySignalWorkflow:
    """Returns the texts of the signals that have arrived before it starts."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        notes: list[str] = []
        self._kuflow.on_signal("Note", lambda note: notes.append(note["text"]))
        await workflow.wait_condition(lambda: len(notes) > 0, timeout=timedelta(seconds=10))
        return {"message": ",".join(notes)}


@workflow.defn
class OverdueWorkflow:
    """A deadline in the past."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        past = datetime.fromtimestamp(0.001, UTC)
        await self._kuflow.human_task(REVIEW, deadline=past, on_deadline=lambda _task: None)
        return {"message": "never"}


@workflow.defn
class InvalidWorkflow:
    """A system task whose data is invalid at first, and one whose data is invalid forever."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        valid = await self._kuflow.system_task(tasks.CHECK_CREDIT, TaskActivities.score_second_time)
        handle = await self._kuflow.open_task(tasks.CHECK_CREDIT)
        outcome = "completed"
        try:
            await handle.complete(self._invalid)
        except ActivityError as failure:
            assert isinstance(failure.cause, ApplicationError)
            outcome = f"{failure.cause.type}: {failure.cause.message}"
        await handle.cancel()
        return {"message": f"{valid['score']}, {outcome}"}

    async def _invalid(self) -> CheckCreditData:
        return cast(CheckCreditData, {"score": 7})


@workflow.defn
class StricterWorkflow:
    """KuFlow's definition of the task requires more than that of the project."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        handle = await self._kuflow.open_task(tasks.CHECK_CREDIT)
        await handle.complete(self._check)
        return {"message": "never"}

    async def _check(self) -> CheckCreditData:
        return {"score": 7, "decision": "ACCEPT"}


@workflow.defn
class DocumentsWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        content: Content = {"process_id": request["processId"], "megabytes": 20}
        uploaded = await run_activity(with_options(TaskActivities.upload_content, TRANSFER), content)
        downloaded = await run_activity(with_options(TaskActivities.hash_of_document, TRANSFER), uploaded["document"])
        same = downloaded == uploaded["hash"]
        status = await run_activity(TaskActivities.status_of_unknown_process)
        workflow.logger.info("Transferred", extra={"same": same})
        return {"message": f"{uploaded['document']} {json.dumps(same)} {status}"}


@workflow.defn
class ExportWorkflow:
    """The workflow of a downloadable action."""

    @workflow.run
    async def run(self, request: ActionRequest) -> ActionResponse:
        content: Content = {"process_id": request["processId"], "megabytes": 1}
        uploaded = await run_activity(with_options(TaskActivities.upload_content, TRANSFER), content)
        return {"downloadable": {"documentUri": FileFields.parse(uploaded["document"]).uri}}


@workflow.defn
class StuckWorkflow:
    """An activity that does not end."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        await run_activity(TaskActivities.ignore_cancellation)
        return {"message": "never"}
