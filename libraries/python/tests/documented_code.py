"""The Python code in docs/how-to, so that mypy checks it. A test of the docs compares it with the pages."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict

from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment

from kuflow_worker import KuFlowClient, KuFlowFile, KuFlowPrincipal, PrincipalFields
from kuflow_worker.testing import FakeKuFlow, LocalKuFlow, read_sample, start_process
from kuflow_worker.workflow import (
    TRANSFER,
    CallRejected,
    HumanTask,
    KuFlowProcess,
    MessageTask,
    SignalAction,
    SystemTask,
    TaskCancelled,
    ThreadTask,
    WorkflowRequest,
    WorkflowResponse,
    all_of,
    fail_on_rejection,
    run_activity,
    with_options,
)


class LoanApplicationData(TypedDict):
    email: str
    reviewer: KuFlowPrincipal


class ApproveLoanData(TypedDict):
    approved: bool


class CheckCreditData(TypedDict):
    score: int


class GuaranteeData(TypedDict):
    confirmed: bool


class SignData(TypedDict):
    signed: KuFlowFile


class ChangeAmountInput(TypedDict):
    amount: int


class CheckCreditInput(TypedDict):
    process_id: str
    loan_application: LoanApplicationData


class ScoreInput(TypedDict):
    process_id: str


class DecideInput(TypedDict):
    process_id: str
    score: int


class SignInput(TypedDict):
    process_id: str
    contract: KuFlowFile


class tasks:
    """What the module `tasks` of a project contains."""

    LOAN_APPLICATION = HumanTask[LoanApplicationData]("LOAN_APPLICATION")
    APPROVE_LOAN = HumanTask[ApproveLoanData]("APPROVE_LOAN")
    REVIEW = HumanTask[Any]("REVIEW")
    REVIEW_LOAN = HumanTask[Any]("REVIEW_LOAN")
    SALES = HumanTask[Any]("SALES")
    LEGAL = HumanTask[Any]("LEGAL")
    DOCUMENTS = HumanTask[Any]("DOCUMENTS")
    CONFIRM_GUARANTEE = HumanTask[GuaranteeData]("CONFIRM_GUARANTEE")
    CHECK_CREDIT = SystemTask[CheckCreditData]("CHECK_CREDIT")
    SCORE = SystemTask[CheckCreditData]("SCORE")
    SIGN = SystemTask[SignData]("SIGN")
    NOTIFY = MessageTask("NOTIFY")
    DISCUSSION = ThreadTask("DISCUSSION")
    CHANGE_AMOUNT = SignalAction[ChangeAmountInput]("CHANGE_AMOUNT", "ChangeAmount")


SAMPLE = read_sample(Path(__file__).parent / "samples" / "loan.json")


def add_signature(path: Path) -> None:
    """What the example does not show."""


class LoanActivities:
    def __init__(self, kuflow: KuFlowClient) -> None:
        self._kuflow = kuflow

    @activity.defn
    async def count_open_loans(self) -> int:
        response = await self._kuflow.find_processes({"processDefinitionCodes": ["LOAN"], "states": ["RUNNING"]})
        return response["processes"]["metadata"]["totalElements"]

    @activity.defn
    async def sign(self, input: SignInput) -> SignData:
        with TemporaryDirectory() as folder:
            path = Path(folder, "contract.pdf")
            await self._kuflow.documents.download(input["contract"], path)
            await asyncio.to_thread(add_signature, path)
            signed = await self._kuflow.documents.upload(
                path, process_id=input["process_id"], content_type="application/pdf"
            )
            return {"signed": signed}

    @activity.defn
    async def check_credit(self, input: CheckCreditInput) -> CheckCreditData:
        return {"score": 0}

    @activity.defn
    async def score(self, input: ScoreInput) -> CheckCreditData:
        return {"score": 0}

    @activity.defn
    async def decide(self, input: DecideInput) -> CheckCreditData:
        return {"score": input["score"]}


class TasksAndDocuments:
    def __init__(self, kuflow: KuFlowProcess) -> None:
        self._kuflow = kuflow

    async def deadline(self) -> bool:
        kuflow = self._kuflow
        decision = await kuflow.human_task(
            tasks.APPROVE_LOAN,
            deadline=timedelta(days=3),  # or a datetime with a time zone
            on_deadline=lambda task: task.assign(owner_email="manager@example.com"),
        )
        return decision["approved"]

    async def handle(self, loan_application: LoanApplicationData) -> None:
        kuflow = self._kuflow
        task = await kuflow.open_task(tasks.REVIEW)  # does not wait
        await task.log("Please look at the second page")
        await task.assign(owner_id=PrincipalFields.parse(loan_application["reviewer"]).id)
        review = await task.done  # raises TaskCancelled
        workflow.logger.info(review)

    async def first_response(self) -> None:
        kuflow = self._kuflow
        questions = [asyncio.create_task(kuflow.human_task(task)) for task in (tasks.SALES, tasks.LEGAL)]
        answered, waiting = await workflow.wait(questions, return_when=asyncio.FIRST_COMPLETED)
        first = answered[0].result()
        for question in waiting:
            question.cancel()  # cancels the other task
        await asyncio.gather(*waiting, return_exceptions=True)  # waits until KuFlow has canceled it
        workflow.logger.info(first)

    async def both(self) -> None:
        kuflow = self._kuflow
        sales, legal = await all_of(kuflow.human_task(tasks.SALES), kuflow.human_task(tasks.LEGAL))
        workflow.logger.info([sales, legal])

    async def system_task(self, process_id: str, loan_application: LoanApplicationData) -> None:
        kuflow = self._kuflow
        await kuflow.system_task(
            tasks.CHECK_CREDIT,
            LoanActivities.check_credit,
            CheckCreditInput(process_id=process_id, loan_application=loan_application),
        )
        await kuflow.system_task(tasks.SCORE, LoanActivities.score, ScoreInput(process_id=process_id))
        workflow.logger.info("Credit checked")

    async def several_activities(self, process_id: str) -> None:
        kuflow = self._kuflow
        task = await kuflow.open_task(tasks.CHECK_CREDIT)

        async def check_credit() -> CheckCreditData:
            score = (await run_activity(LoanActivities.score, ScoreInput(process_id=process_id)))["score"]
            return await run_activity(LoanActivities.decide, DecideInput(process_id=process_id, score=score))

        await task.complete(check_credit)

    async def rejection(self, loan_application: LoanApplicationData) -> None:
        kuflow = self._kuflow
        try:
            with fail_on_rejection():
                await kuflow.human_task(tasks.APPROVE_LOAN, owner_email=loan_application["email"])
        except CallRejected as rejected:
            workflow.logger.warning("Rejected", extra={"status": rejected.status})

    async def transfer(self, process_id: str, contract: KuFlowFile) -> None:
        kuflow = self._kuflow
        await kuflow.system_task(
            tasks.SIGN,
            with_options(LoanActivities.sign, TRANSFER),
            SignInput(process_id=process_id, contract=contract),
        )


class Loops:
    def __init__(self, kuflow: KuFlowProcess) -> None:
        self._kuflow = kuflow

    async def repeat(self) -> LoanApplicationData:
        kuflow = self._kuflow
        application = await kuflow.human_task(tasks.LOAN_APPLICATION)
        decision = await kuflow.human_task(tasks.APPROVE_LOAN)
        for _ in range(2):
            if decision["approved"]:
                break
            application = await kuflow.human_task(tasks.LOAN_APPLICATION, data={**application})
            decision = await kuflow.human_task(tasks.APPROVE_LOAN)
        return application

    async def together(self, guarantors: Sequence[str]) -> None:
        kuflow = self._kuflow
        guarantees = await all_of(
            *(kuflow.human_task(tasks.CONFIRM_GUARANTEE, owner_email=email) for email in guarantors)
        )
        workflow.logger.info(guarantees)

    async def without_those_canceled(self, guarantors: Sequence[str]) -> None:
        guarantees = await asyncio.gather(*(self._ask(email) for email in guarantors))
        workflow.logger.info(guarantees)

    async def _ask(self, email: str) -> GuaranteeData | None:
        try:
            return await self._kuflow.human_task(tasks.CONFIRM_GUARANTEE, owner_email=email)
        except TaskCancelled:
            return None

    async def continue_as_new(self, request: WorkflowRequest, first_round: int = 0) -> None:
        kuflow = self._kuflow
        for round in range(first_round, 10_000):
            await kuflow.human_task(tasks.REVIEW_LOAN)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(args=[request, round + 1])


@workflow.defn
class LoanWorkflow:
    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self._kuflow: KuFlowProcess = KuFlowProcess(request)
        self._amount = 0

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self._kuflow
        process_id = request["processId"]
        kuflow.on_action(tasks.CHANGE_AMOUNT, self._change_amount)

        data = await kuflow.human_task(tasks.REVIEW)  # waits for a person, returns typed data
        await kuflow.system_task(
            tasks.SCORE, LoanActivities.score, ScoreInput(process_id=process_id)
        )  # done by this worker
        await kuflow.message(tasks.NOTIFY, text="Done")  # does not wait
        await kuflow.thread(tasks.DISCUSSION)  # does not wait

        if workflow.patched("ask-for-documents"):
            await kuflow.human_task(tasks.DOCUMENTS)  # only for processes that reach this point after the change
        # processes that already passed this point continue without it

        workflow.deprecate_patch("ask-for-documents")
        await kuflow.human_task(tasks.DOCUMENTS)
        return {"message": f"{data} {self._amount}"}

    def _change_amount(self, input: ChangeAmountInput) -> None:
        self._amount = input["amount"]


async def workflow_test(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow({**SAMPLE.answers, "APPROVE_LOAN": {"approved": False}}, SAMPLE.metadata)
    run = await start_process(environment, LoanWorkflow, kuflow, [LoanActivities(kuflow)])
    await run.result()
    assert kuflow.items[-1]["message"]["text"] == "Your loan was not approved"


async def test_approves_a_loan(local_kuflow: LocalKuFlow) -> None:
    loan = await local_kuflow.start("LOAN")
    await loan.task("LOAN_APPLICATION").complete(
        {"firstName": "Ada", "lastName": "Lovelace", "currency": "EUR", "amount": 60_000}
    )
    await loan.task("APPROVE_LOAN").complete({"approved": True})
    await loan.wait("COMPLETED")
