"""Tests the workflow on a time-skipping server (the library's `environment` fixture)."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from kuflow_worker.testing import Answer, FakeKuFlow, ProcessRun, TaskLog, read_sample, replay, start_process
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from loan_worker.loan import tasks
from loan_worker.loan.activities import CheckCreditInput, LoanActivities
from loan_worker.loan.types import CheckCreditData
from loan_worker.loan.workflow import LoanWorkflow

SAMPLE = read_sample(Path(__file__).parent / "samples" / "loan.json")


class AcceptingLoanActivities(LoanActivities):
    @activity.defn
    async def check_credit(self, input: CheckCreditInput) -> CheckCreditData:
        return {"score": 0, "decision": "ACCEPT"}


async def start(environment: WorkflowEnvironment, kuflow: FakeKuFlow) -> ProcessRun:
    activities = [LoanActivities(kuflow)]
    return await start_process(environment, LoanWorkflow, kuflow, activities)


async def test_workflow_completes_with_a_replayable_history(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(SAMPLE.answers, SAMPLE.metadata)
    run = await start(environment, kuflow)

    assert (await run.result())["message"]
    assert kuflow.item_codes == SAMPLE.items
    assert set(kuflow.task_states.values()) <= {"COMPLETED"}

    await replay(await run.history(), [LoanWorkflow])


async def test_workflow_ignores_unknown_signals(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(SAMPLE.answers, SAMPLE.metadata)
    run = await start(environment, kuflow)
    await kuflow.signal(run.process_id, "Unknown_Signal", {})
    await kuflow.signal(run.process_id, "KuFlow_Engine_Signal_Process_Item", {"type": "UNKNOWN"})

    assert (await run.result())["message"]


async def test_workflow_skips_the_approval_when_the_credit_check_accepts(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(SAMPLE.answers, SAMPLE.metadata)
    activities = [AcceptingLoanActivities(kuflow)]
    run = await start_process(environment, LoanWorkflow, kuflow, activities)

    assert (await run.result())["message"].endswith("completed")
    assert "APPROVE_LOAN" not in kuflow.item_codes


async def test_workflow_tells_the_applicant_that_the_loan_was_not_approved(environment: WorkflowEnvironment) -> None:
    answers = {**SAMPLE.answers, "APPROVE_LOAN": {"approved": False}}
    kuflow = FakeKuFlow(answers, SAMPLE.metadata)
    run = await start(environment, kuflow)
    await run.result()

    assert kuflow.items[-1]["message"]["text"] == "Your loan was not approved"


async def test_workflow_logs_a_warning_after_three_days_without_a_decision(environment: WorkflowEnvironment) -> None:
    def person(code: str, logs: Sequence[TaskLog]) -> Answer:
        if code == "APPROVE_LOAN" and not logs:
            return "wait"
        return SAMPLE.answers.get(code, {})

    kuflow = FakeKuFlow(person, SAMPLE.metadata)
    run = await start(environment, kuflow)
    await run.result()

    assert kuflow.logs == [TaskLog("APPROVE_LOAN", "WARN", "No decision after three days")]


async def test_workflow_cancels_the_open_tasks_when_the_applicant_withdraws(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(lambda _code, _logs: "wait", SAMPLE.metadata)
    run = await start(environment, kuflow)
    run.after(timedelta(days=1), lambda: kuflow.act(run.process_id, tasks.WITHDRAW))

    assert (await run.result())["message"].endswith("withdrawn")
    assert set(kuflow.task_states.values()) == {"CANCELLED"}
    assert kuflow.items[-1]["message"]["text"] == "You withdrew your application"


async def test_workflow_fails_when_a_task_is_canceled_even_without_a_signal(environment: WorkflowEnvironment) -> None:
    run = await start(environment, FakeKuFlow(lambda _code, _logs: "cancel", SAMPLE.metadata))
    with pytest.raises(WorkflowFailureError) as failed:
        await run.result()

    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "TaskCancelled"
