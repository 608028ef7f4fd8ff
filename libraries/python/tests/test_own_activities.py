import asyncio
import os
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kuflow_worker._internal.authentication import request_engine_token
from kuflow_worker._internal.client import KuFlowClient
from kuflow_worker._internal.documents import Documents
from kuflow_worker._internal.metrics import no_metrics
from kuflow_worker._internal.rest_client import RestClient, RestError, create_rest_client
from kuflow_worker._internal.settings import load_settings

from .support.activity_environment import activity_environment, rest_client, run_activity
from .support.authority import Authority
from .support.environment import APPLICATION_ID, ENVIRONMENT
from .support.scripted_server import ReceivedRequest, Reply, ScriptedServer, scripted_server

PROCESS = "22222222-2222-4333-8444-555555555555"
URI = f"ku:process/{PROCESS}/document/1"


@pytest.fixture
async def rest(server: ScriptedServer) -> AsyncIterator[RestClient]:
    rest = rest_client(server.endpoint)
    yield rest
    await rest.close()


@pytest.fixture
def kuflow(rest: RestClient) -> KuFlowClient:
    return KuFlowClient(rest, APPLICATION_ID)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "report.pdf"
    file.write_text("content")
    return file


async def test_has_the_workers_credentials_retries_a_call_once_and_raises_errors_with_a_status(
    server: ScriptedServer, kuflow: KuFlowClient
) -> None:
    server.replies[f"GET /processes/{PROCESS}"] = [Reply(503)]

    async def status_of_process() -> int | None:
        try:
            await kuflow.retrieve_process({"processId": PROCESS})
        except RestError as error:
            return error.status
        return None

    assert await run_activity(activity_environment(), status_of_process) == 503
    assert len(server.requests) == 2
    headers = server.requests[0].headers
    assert headers["authorization"] == "Basic MTExMTExMTEtMjIyMi00MzMzLTg0NDQtNTU1NTU1NTU1NTU1OnRoZS1zZWNyZXQ="
    assert headers["user-agent"].startswith("kuflow-worker-python/")


async def test_cannot_return_a_large_result() -> None:
    async def export() -> str:
        return "x" * 2 * 1024 * 1024

    with pytest.raises(ApplicationError, match="the result of activity export is 2097154 bytes") as failure:
        await run_activity(activity_environment(activity_type="export"), export)
    assert failure.value.non_retryable


async def test_trusts_an_authority_in_addition_to_the_root_certificates(tmp_path: Path) -> None:
    authority = Authority()
    pair = authority.issue("KuFlow")
    chain = tmp_path / "server.pem"
    chain.write_text(pair.cert + pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain)
    async with scripted_server(ssl=context) as server:
        server.replies[f"GET /processes/{PROCESS}"] = [Reply(200, {"id": PROCESS})]
        for ca, expected in ((authority.cert, {"process": {"id": PROCESS}}), (None, RestError)):
            rest = rest_client(server.endpoint, ca=ca)
            run = KuFlowClient(rest, APPLICATION_ID).retrieve_process({"processId": PROCESS})
            if isinstance(expected, dict):
                assert await run == expected
            else:
                with pytest.raises(expected, match="no response"):
                    await run
            await rest.close()


async def test_uploads_the_content_of_a_file_and_returns_the_document(
    server: ScriptedServer, kuflow: KuFlowClient, file: Path
) -> None:
    call = f"POST /processes/{PROCESS}/~actions/upload-document?fileName=report.pdf&fileContentType=application%2Fpdf"
    server.replies[call] = [Reply(200, {"documentUri": "kuflow-file:uri=x;"})]

    async def archive() -> str:
        return await kuflow.documents.upload(file, process_id=PROCESS, content_type="application/pdf")

    assert await run_activity(activity_environment(), archive) == "kuflow-file:uri=x;"
    [request] = server.requests
    assert request.content == b"content"
    assert request.headers["content-length"] == "7"


async def test_does_not_upload_an_empty_file_or_retry_an_upload(
    server: ScriptedServer, kuflow: KuFlowClient, file: Path
) -> None:
    async def archive(path: Path) -> str:
        return await kuflow.documents.upload(path, process_id=PROCESS)

    async def unavailable(request: ReceivedRequest) -> Reply:
        return Reply(503)

    server.respond = unavailable
    with pytest.raises(ApplicationError) as failure:
        await run_activity(activity_environment(), archive, file)
    assert failure.value.type == "KuFlowActivities.RestFailure"
    assert len(server.requests) == 1
    os.truncate(file, 0)
    with pytest.raises(ValueError, match=r"report\.pdf is empty"):
        await run_activity(activity_environment(), archive, file)
    assert len(server.requests) == 1


async def test_leaves_no_file_when_a_download_is_cut_or_has_another_size(
    server: ScriptedServer, kuflow: KuFlowClient, tmp_path: Path
) -> None:
    file = tmp_path / "report.pdf"
    reply = Reply(body=b"half", is_cut=True)

    async def respond(request: ReceivedRequest) -> Reply:
        return reply

    async def download(size: int) -> None:
        await kuflow.documents.download(f"kuflow-file:uri={URI};type=text/plain;size={size};name=a.txt;", file)

    server.respond = respond
    with pytest.raises(ApplicationError):
        await run_activity(activity_environment(), download, 4)
    reply = Reply(body=b"half")
    with pytest.raises(ValueError, match=f"{URI} has 4 bytes instead of 100"):
        await run_activity(activity_environment(), download, 100)
    assert os.listdir(tmp_path) == []
    await run_activity(activity_environment(), download, 4)
    assert file.read_text() == "half"


async def test_sends_heartbeats_during_a_transfer_and_ends_it_when_the_activity_is_canceled(
    server: ScriptedServer, rest: RestClient, file: Path
) -> None:
    async def respond(request: ReceivedRequest) -> Reply | None:
        await asyncio.Event().wait()
        return None

    server.respond = respond
    documents = Documents(rest, heartbeat_interval=0.01)
    environment = activity_environment()
    beats = asyncio.Semaphore(0)

    def beat(*details: Any) -> None:
        beats.release()

    environment.on_heartbeat = beat

    async def archive() -> str:
        return await documents.upload(file, process_id=PROCESS)

    run = asyncio.create_task(run_activity(environment, archive))
    async with asyncio.timeout(30):
        for _ in range(3):
            await beats.acquire()
        environment.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await server.closed.wait()


async def test_uses_the_client_secret_in_the_file_when_the_token_is_renewed(
    server: ScriptedServer, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text("first\n")
    environment = {name: text for name, text in ENVIRONMENT.items() if name != "KUFLOW_API_CLIENTSECRET"}
    settings = load_settings(
        tmp_path, {**environment, "KUFLOW_API_CLIENTSECRET_FILE": "secret", "KUFLOW_API_ENDPOINT": server.endpoint}
    )
    rest = create_rest_client(settings, no_metrics, "trial")
    server.replies["POST /authentications"] = [Reply(200, {"engineToken": {"token": "the-token"}})]
    # While a file is being replaced, it may be empty or missing.
    for text in ("first\n", "second\n", "", None):
        file.unlink() if text is None else file.write_text(text)
        await request_engine_token(rest, settings)
    await rest.close()
    sent = [b64decode(request.headers["authorization"].removeprefix("Basic ")).decode() for request in server.requests]
    assert [credentials.partition(":")[2] for credentials in sent] == ["first", "second", "second", "second"]
