"""Added to a generated project by the end-to-end tests."""

from typing import TypedDict

from temporalio import activity

from kuflow_worker import KuFlowClient
from kuflow_worker import KuFlowFile
from .task_activities import folder


class Contract(TypedDict):
    process_id: str
    contract: str
    reviewer_id: str


class StampedContract(TypedDict):
    stamped: KuFlowFile
    reviewer: str


class JourneyActivities:
    def __init__(self, kuflow: KuFlowClient) -> None:
        self._kuflow = kuflow

    @activity.defn(name="stampContract")
    async def stamp_contract(self, contract: Contract) -> StampedContract:
        """Uploads a copy of the contract with the name of the reviewer at its end."""
        principal = (await self._kuflow.retrieve_principal({"principalId": contract["reviewer_id"]}))["principal"]
        reviewer = principal.get("name", "")
        with folder() as path:
            file = path / "stamped.txt"
            await self._kuflow.documents.download(contract["contract"], file)
            file.write_bytes(file.read_bytes() + f"For {reviewer}".encode())
            stamped = await self._kuflow.documents.upload(
                file, process_id=contract["process_id"], content_type="text/plain"
            )
        return {"stamped": stamped, "reviewer": reviewer}
