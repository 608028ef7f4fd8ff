"""The workflow of the process LOAN."""

import asyncio
from datetime import timedelta

from kuflow_worker.workflow import KuFlowProcess, WorkflowRequest, WorkflowResponse
from temporalio import workflow

from . import tasks
from .activities import CheckCreditInput, LoanActivities
from .types import Metadata


@workflow.defn(name="LoanWorkflow")
class LoanWorkflow:
    """Workflow code is replayed, so it must be deterministic.

    Use activities for I/O and anything that depends on the outside world. `human_task` and `system_task` wait until the
    task is completed; `message` and `thread` do not wait for people.
    """

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow = KuFlowProcess[Metadata](request)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        # A withdrawal cancels the work, and with it the open tasks in KuFlow. The work starts at the next
        # `await`, after the handler is registered.
        work = asyncio.create_task(self._handle_tasks(request))
        self._kuflow.on_action(tasks.WITHDRAW, work.cancel)
        await workflow.wait([work])
        if not work.cancelled():
            return work.result()
        await self._kuflow.message(tasks.LOAN_RESULT, text="You withdrew your application")
        return {"message": f"Process {request['processId']} completed: withdrawn"}

    async def _handle_tasks(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self._kuflow
        process_id = request["processId"]
        workflow.logger.info("Process started")

        loan_application = await kuflow.human_task(tasks.LOAN_APPLICATION)

        check_credit = await kuflow.system_task(
            tasks.CHECK_CREDIT,
            LoanActivities.check_credit,
            CheckCreditInput(process_id=process_id, loan_application=loan_application),
        )

        await kuflow.thread(tasks.LOAN_DISCUSSION)

        if check_credit["decision"] == "REVIEW":
            approve_loan = await kuflow.human_task(
                tasks.APPROVE_LOAN,
                deadline=timedelta(days=3),
                on_deadline=lambda task: task.log("No decision after three days", "WARN"),
            )
            if not approve_loan["approved"]:
                await kuflow.message(tasks.LOAN_RESULT, text="Your loan was not approved")
                return {"message": f"Process {process_id} completed: not approved"}

        await kuflow.message(tasks.LOAN_RESULT, text="Your loan was approved")

        return {"message": f"Process {process_id} completed"}
