"""Added to a generated project by the end-to-end tests: a process that needs everything at once."""

from datetime import timedelta
from typing import Any, TypedDict

from temporalio import workflow

from kuflow_worker import PrincipalFields
from kuflow_worker.workflow import (
    TRANSFER,
    HumanTask,
    KuFlowProcess,
    MessageTask,
    SignalAction,
    SystemTask,
    TaskCancelled,
    ThreadTask,
    WorkflowRequest,
    WorkflowResponse,
    with_options,
)
from kuflow_worker._internal.workflow.kuflow_activities import retrieve_application_id
from .journey_activities import JourneyActivities, StampedContract


class Application(TypedDict):
    contract: str
    reviewer: str


class Review(TypedDict):
    approved: bool


APPLY = HumanTask[Application]("APPLY")
STAMP = SystemTask[StampedContract]("STAMP")
REVIEW = HumanTask[Review]("REVIEW")
SIGN = HumanTask[Any]("SIGN")
REMIND = SignalAction("REMIND", "Remind")


@workflow.defn
class JourneyWorkflow:
    """A process that needs everything at once.

    The reviewer gets the task from the application when its deadline has passed, and completes it. Somebody may
    cancel the last task in KuFlow, which sends no signal.
    """

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess(request, reread_after=timedelta(milliseconds=500))
        self._reminders = 0

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self._kuflow
        kuflow.on_action(REMIND, self._remind)
        application = await kuflow.human_task(APPLY)
        reviewer_id = PrincipalFields.parse(application["reviewer"]).id
        await kuflow.system_task(
            STAMP,
            with_options(JourneyActivities.stamp_contract, TRANSFER),
            {"process_id": request["processId"], "contract": application["contract"], "reviewer_id": reviewer_id},
        )
        review = await kuflow.human_task(
            REVIEW,
            owner_id=await retrieve_application_id(),
            deadline=timedelta(days=3),
            on_deadline=lambda task: task.assign(owner_id=reviewer_id),
        )
        await kuflow.message(MessageTask("NOTE"), text=f"Reviewed after {self._reminders} reminders")
        await kuflow.thread(ThreadTask("TALK"))
        try:
            await kuflow.human_task(SIGN)
        except TaskCancelled:
            return {"message": "withdrawn"}
        return {"message": "approved" if review["approved"] else "rejected"}

    def _remind(self, _nothing: None) -> None:
        self._reminders += 1
