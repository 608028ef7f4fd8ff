"""The transfer of documents between KuFlow and files."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

from temporalio import activity

from .model import Uuid
from .rest_client import RestClient, RestFile, RestRequest
from .values import FileFields, KuFlowFile

HEARTBEAT_INTERVAL = 10
"""Seconds."""
CHUNK_SIZE = 256 * 1024
OWNERS = {
    "process": ("downloadProcessDocument", "/processes"),
    "business-artifact": ("downloadBusinessArtifactDocument", "/business-artifacts"),
}


class Documents:
    """Transfers documents between KuFlow and files without loading them into memory.

    Use both methods in one activity together with what creates or reads the file, because the next activity may run on
    another host. Give that activity the options `TRANSFER`.
    """

    def __init__(self, rest: RestClient, *, heartbeat_interval: float = HEARTBEAT_INTERVAL) -> None:
        self._rest = rest
        self._heartbeat_interval = heartbeat_interval

    async def upload(
        self,
        path: str | Path,
        *,
        process_id: Uuid,
        name: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> KuFlowFile:
        """Uploads a file. `name` is what people see, by default the name of the file.

        Save the result in the data of a task or process: KuFlow deletes documents that no data refers to.
        """
        file = Path(path)
        name = file.name if name is None else name
        size = (await asyncio.to_thread(file.stat)).st_size
        if size == 0:
            raise ValueError(f"{name} is empty: KuFlow does not accept empty documents")
        async with self._heartbeats(), _opened(file, "rb") as opened:
            response = await self._rest.call(
                RestRequest(
                    operation="uploadProcessDocument",
                    method="POST",
                    path=f"/processes/{quote(process_id, safe='')}/~actions/upload-document",
                    query={"fileName": name, "fileContentType": content_type},
                    file=RestFile(_chunks(opened), size),
                )
            )
        uri = (response.body or {}).get("documentUri")
        if not uri:
            raise ValueError("The response to the upload of a document has no documentUri")
        return KuFlowFile(uri)

    async def download(self, document: str, path: str | Path) -> None:
        """Saves a document to a file, which appears only when it is complete.

        `document` is a `kuflow-file:` value or a `ku:` URI.
        """
        uri, size = document, None
        if not document.startswith("ku:"):
            fields = FileFields.parse(document)
            uri, size = fields.uri, fields.size
        request = _download_request(uri)
        incomplete = Path(f"{path}.incomplete")
        try:
            written = 0
            async with self._heartbeats(), self._rest.download(request) as chunks, _opened(incomplete, "wb") as file:
                async for chunk in chunks:
                    written += await asyncio.to_thread(file.write, chunk)
            if size is not None and written != size:
                raise ValueError(f"The document {uri} has {written} bytes instead of {size}")
            await asyncio.to_thread(incomplete.replace, path)
        except BaseException:
            await asyncio.to_thread(incomplete.unlink, missing_ok=True)
            raise

    @asynccontextmanager
    async def _heartbeats(self) -> AsyncIterator[None]:
        async def beat() -> None:
            while True:
                await asyncio.sleep(self._heartbeat_interval)
                activity.heartbeat()

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()


def _download_request(uri: str) -> RestRequest:
    match = re.match(r"ku:([^/]+)/([^/]+)/document/", uri)
    if match is None or match[1] not in OWNERS:
        raise ValueError(f"{uri} is not the URI of a document of a process or business artifact")
    operation, path = OWNERS[match[1]]
    return RestRequest(
        operation=operation,
        method="GET",
        path=f"{path}/{quote(match[2], safe='')}/~actions/download-document",
        query={"documentUri": uri},
    )


@asynccontextmanager
async def _opened(path: Path, mode: str) -> AsyncIterator[IO[bytes]]:
    file = await asyncio.to_thread(path.open, mode)
    try:
        yield file
    finally:
        file.close()


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK_SIZE):
        yield chunk
