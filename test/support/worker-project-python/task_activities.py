"""Added to a generated project by the end-to-end tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypedDict, cast

from temporalio import activity

from kuflow_worker import KuFlowClient
from kuflow_worker import RestError
from kuflow_worker import KuFlowFile
from ..loan.types import CheckCreditData

MEGABYTE = 1024 * 1024


class Content(TypedDict):
    process_id: str
    megabytes: int


class Uploaded(TypedDict):
    document: KuFlowFile
    hash: str


class TaskActivities:
    def __init__(self, kuflow: KuFlowClient) -> None:
        self._kuflow = kuflow

    @activity.defn(name="scoreSecondTime")
    async def score_second_time(self) -> CheckCreditData:
        """Its result is valid at the second attempt."""
        if activity.info().attempt == 1:
            return cast(CheckCreditData, {"score": "high", "decision": "PERHAPS"})
        return {"score": 7, "decision": "REVIEW"}

    @activity.defn(name="uploadContent")
    async def upload_content(self, content: Content) -> Uploaded:
        """Uploads content of several megabytes, and returns the document and the hash of the content."""
        line = f"{content['process_id']}\n".encode()
        data = bytes(islice(cycle(line), content["megabytes"] * MEGABYTE))
        with folder() as path:
            file = path / "Übersicht; a=b.txt"
            file.write_bytes(data)
            document = await self._kuflow.documents.upload(
                file, process_id=content["process_id"], content_type="text/plain"
            )
        return {"document": document, "hash": sha256(data).hexdigest()}

    @activity.defn(name="hashOfDocument")
    async def hash_of_document(self, document: str) -> str:
        """Downloads a document and returns the hash of its content."""
        with folder() as path:
            file = path / "document"
            await self._kuflow.documents.download(document, file)
            return sha256(file.read_bytes()).hexdigest()

    @activity.defn(name="ignoreCancellation")
    async def ignore_cancellation(self) -> None:
        """Notices that it is canceled, and does not end."""
        activity.logger.info("Begun")
        while True:
            try:
                await asyncio.sleep(3_600)
            except asyncio.CancelledError:
                activity.logger.info("Asked to end")

    @activity.defn(name="statusOfUnknownProcess")
    async def status_of_unknown_process(self) -> int | None:
        """The status with which KuFlow refuses to return a process."""
        try:
            await self._kuflow.retrieve_process({"processId": "00000000-0000-4000-8000-000000000000"})
        except RestError as error:
            return error.status
        return 200


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="kuflow-trial-") as path:
        yield Path(path)
