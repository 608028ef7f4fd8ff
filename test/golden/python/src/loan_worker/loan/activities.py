"""The activities of the process LOAN."""

from typing import TypedDict

from kuflow_worker import KuFlowClient
from temporalio import activity

from .types import CheckCreditData, LoanApplicationData


class CheckCreditInput(TypedDict):
    process_id: str
    loan_application: LoanApplicationData


class LoanActivities:
    """Your activities: work that workflow code must not do itself, such as calling another system.

    Temporal retries activities that fail, so make them idempotent. `kuflow` is a client for KuFlow's API with this
    worker's credentials.
    """

    def __init__(self, kuflow: KuFlowClient) -> None:
        self._kuflow = kuflow

    @activity.defn
    async def check_credit(self, input: CheckCreditInput) -> CheckCreditData:
        """Performs the "Check credit" task and returns its data."""
        # TODO: replace this sample code with a real credit check.
        response = await self._kuflow.retrieve_process({"processId": input["process_id"]})
        activity.logger.info("Checking credit", extra={"processCreatedAt": response["process"]["createdAt"]})
        return {"score": 0, "decision": "REVIEW"}
