import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowHistory
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from kuflow_worker._internal.activities import activities_of
from kuflow_worker._internal.encryption import (
    ENCRYPTED,
    KEY_ID,
    Confidential,
    EncryptionError,
    EncryptionKeys,
    decrypt,
    encrypt,
    key_id_of,
    keys_from_kuflow,
    sent_size,
    start_headers,
)
from kuflow_worker._internal.encryption_interceptor import EncryptionInterceptor
from kuflow_worker._internal.fake_kuflow import FakeKuFlow
from kuflow_worker._internal.payloads import data_converter
from kuflow_worker._internal.process_run import AsKuFlow, start_process
from kuflow_worker._internal.replay import replay
from kuflow_worker._internal.workflow.interceptor import WorkflowInterceptor
from kuflow_worker._internal.workflow_code import workflow_runner

from .support.activity_environment import rest_client
from .support.scripted_server import Reply, ScriptedServer
from .support.trial_workflows import (
    ContentWorkflow,
    EchoWorkflow,
    EverythingWorkflow,
    LargeWorkflow,
    SystemWorkflow,
    TalkativeWorkflow,
    TrialActivities,
)

# Made with KuFlow's own libraries, and independently with fixed nonces.
SAMPLES = json.loads((Path(__file__).parent / "support/encrypted_payloads.json").read_text(encoding="utf-8"))
KEY, OTHER_KEY = SAMPLES["keys"]
CANARY = "canary-5b1f"
# The IDs of local activities and patches.
PLAIN = {"marker_recorded_event_attributes.details.data.payloads"}


def payload_of(sample: Any) -> Payload:
    metadata = {name: base64.b64decode(value) for name, value in sample["metadata"].items()}
    return Payload(metadata=metadata, data=base64.b64decode(sample["data"]))


def reply_with(key_id: str) -> Reply:
    return Reply(200, {"id": key_id, "value": SAMPLES["keys"][key_id]})


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0
        self.requested: list[str] = []
        self.failures = 0

    async def request(self, key_id: str) -> AESGCM:
        self.requested.append(key_id)
        await asyncio.sleep(0)
        if self.failures > 0:
            self.failures -= 1
            raise ValueError("no key today")
        if key_id not in SAMPLES["keys"]:
            raise ValueError("404")
        return AESGCM(base64.b64decode(SAMPLES["keys"][key_id]))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(clock: Clock) -> EncryptionKeys:
    return EncryptionKeys(clock.request, now=lambda: clock.seconds)


@pytest.mark.parametrize("sample", SAMPLES["payloads"], ids=lambda sample: sample["name"])
async def test_decrypts_what_kuflows_libraries_encrypt_and_encrypts_as_they_do(
    sample: Any, keys: EncryptionKeys
) -> None:
    marked = payload_of(sample["marked"])
    for encrypted in sample["encrypted"].values():
        assert await decrypt(payload_of(encrypted), keys) == marked
    encrypted = await encrypt(marked, keys)
    assert await decrypt(encrypted, keys) == marked
    assert encrypted.metadata == payload_of(sample["encrypted"]["fixed nonce"]).metadata
    assert len(encrypted.data) == sent_size(marked) == len(payload_of(sample["encrypted"]["fixed nonce"]).data)
    assert (await encrypt(marked, keys)).data != encrypted.data


async def test_leaves_plain_payloads_as_they_are(keys: EncryptionKeys) -> None:
    for payload in map(payload_of, SAMPLES["passThrough"]):
        assert await encrypt(payload, keys) == await decrypt(payload, keys) == payload


def test_reads_and_writes_the_headers_of_kuflows_libraries() -> None:
    headers = {name: payload_of(sample) for name, sample in SAMPLES["startHeaders"].items()}
    assert start_headers(KEY) == headers
    assert key_id_of(headers) == KEY
    assert key_id_of({}) is None
    other = Payload(metadata={"encoding": b"json/plain"}, data=b'"binary/other"')
    assert key_id_of(headers | {"x-kuflow-encoding": other}) is None
    with pytest.raises(EncryptionError, match="the header x-kuflow-encoding-encrypted-key-id does not name a key"):
        key_id_of({"x-kuflow-encoding": headers["x-kuflow-encoding"]})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no-key-id", "Could not decrypt a payload: its key ID is missing"),
        ("other-algorithm", "Could not decrypt a payload: it is not encrypted with AES-256-GCM"),
        ("no-algorithm", "Could not decrypt a payload: it is not encrypted with AES-256-GCM"),
        (
            "tampered-tag",
            f"Could not decrypt a payload with the key {KEY}: it is damaged, or encrypted with another key",
        ),
        ("short", "it is damaged"),
        ("wrong-key", f"with the key {OTHER_KEY}: .* encrypted with another key"),
        ("unknown-key", "Could not read the encryption key no-such-key: 404"),
    ],
)
async def test_fails_with_an_error_that_names_the_reason(name: str, reason: str, keys: EncryptionKeys) -> None:
    [sample] = [sample for sample in SAMPLES["invalid"] if sample["name"] == name]
    with pytest.raises(EncryptionError, match=reason):
        await data_converter(keys).decode([payload_of(sample["payload"])])


async def test_sends_nothing_if_the_key_cannot_be_read(clock: Clock, keys: EncryptionKeys) -> None:
    clock.failures = 1
    with pytest.raises(EncryptionError, match="no key today"):
        await data_converter(keys).encode([Confidential(CANARY, KEY)])


async def test_requests_a_key_once_however_many_callers_wait(clock: Clock, keys: EncryptionKeys) -> None:
    first = asyncio.create_task(keys.get(KEY))
    others = asyncio.gather(*(keys.get(KEY) for _ in range(9)), keys.get(OTHER_KEY))
    await asyncio.sleep(0)
    # Does not end the request of the others.
    first.cancel()
    assert len(await others) == 10
    assert clock.requested == [KEY, OTHER_KEY]


async def test_keeps_a_key_for_an_hour_after_its_last_use_and_never_a_failure(
    clock: Clock, keys: EncryptionKeys
) -> None:
    clock.failures = 1
    errors = await asyncio.gather(keys.get(KEY), keys.get(KEY), return_exceptions=True)
    assert [type(error) for error in errors] == [EncryptionError] * 2
    first, second = await asyncio.gather(keys.get(KEY), keys.get(KEY))
    assert first is second
    assert clock.requested == [KEY, KEY]
    for minutes in (59, 118):
        clock.seconds = minutes * 60
        await keys.get(KEY)
    assert len(clock.requested) == 2
    clock.seconds += 60 * 60
    await keys.get(KEY)
    assert len(clock.requested) == 3


async def test_uses_a_key_that_arrives_after_its_caller_gave_up() -> None:
    answer: asyncio.Future[AESGCM] = asyncio.Future()
    answered = asyncio.Event()
    requested: list[str] = []

    async def request(key_id: str) -> AESGCM:
        requested.append(key_id)
        await answer
        answered.set()
        return answer.result()

    keys = EncryptionKeys(request, limit=0.01)
    with pytest.raises(EncryptionError, match=r"no response within 0\.01 s"):
        await keys.get(KEY)
    answer.set_result(AESGCM(bytes(32)))
    await answered.wait()
    await keys.get(KEY)
    assert requested == [KEY]


async def test_reads_a_key_from_kuflow_with_any_id(server: ScriptedServer) -> None:
    rest = rest_client(server.endpoint)
    path = "GET /kms/keys/kf%2Ftenant-1%2F2026%20%C3%BC"
    for value in ("AAAA", "no base64", None):
        server.replies[path] = [Reply(200, {"id": OTHER_KEY, "value": value})]
        with pytest.raises(EncryptionError, match="the response is not a key of 32 bytes"):
            await keys_from_kuflow(rest).get(OTHER_KEY)
    server.replies[path] = [reply_with(OTHER_KEY)]
    await keys_from_kuflow(rest).get(OTHER_KEY)
    server.replies[path] = [Reply(403, {"message": "no role in the process"})]
    with pytest.raises(
        EncryptionError, match=r"Could not read the encryption key kf/tenant-1/2026 ü: .* 403 no role in the process"
    ):
        await keys_from_kuflow(rest).get(OTHER_KEY)
    await rest.close()


def plain_payloads(message: Message, path: str = "") -> Iterator[str]:
    """Where a message has payloads that are not encrypted, other than in headers."""
    if isinstance(message, Payload):
        if message.metadata["encoding"] != ENCRYPTED.encode():
            yield path.lstrip(".")
        return
    for field, value in message.ListFields():
        if field.message_type is None or field.name == "header":
            continue
        where = f"{path}.{field.name}"
        if field.message_type.GetOptions().map_entry:
            for name in value:
                if isinstance(value[name], Message):
                    yield from plain_payloads(value[name], f"{where}.{name}")
        else:
            for one in [value] if isinstance(value, Message) else value:
                yield from plain_payloads(one, where)


def plain_in(history: WorkflowHistory) -> set[str]:
    return {path for event in history.events for path in plain_payloads(event)}


def contains(history: WorkflowHistory, text: str) -> bool:
    return any(text.encode() in event.SerializeToString() for event in history.events)


@pytest.mark.parametrize("workflow", [ContentWorkflow, EverythingWorkflow, SystemWorkflow])
async def test_a_confidential_process_leaves_nothing_readable(environment: WorkflowEnvironment, workflow: type) -> None:
    answer = {"ok": True, "note": CANARY}
    kuflow = FakeKuFlow({"REVIEW": answer, "SECOND": answer}, {"name": CANARY, "age": 36}, confidential=True)
    run = await start_process(environment, workflow, kuflow, [TrialActivities()])
    await run.result()
    history = await run.history()
    assert plain_in(history) <= PLAIN
    assert not contains(history, CANARY)
    await replay(history, [workflow])


def client_of(environment: WorkflowEnvironment, keys: EncryptionKeys, key_id: str | None) -> Client:
    """Starts processes with this key, as KuFlow does, or ordinary ones."""
    config = environment.client.config()
    config["data_converter"] = data_converter(keys)
    config["interceptors"] = [AsKuFlow(key_id)]
    return Client(**config)


def worker_of(client: Client, queue: str) -> Worker:
    workflows = [TalkativeWorkflow, EchoWorkflow]
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        activities=activities_of(TrialActivities()),
        interceptors=[EncryptionInterceptor(), WorkflowInterceptor()],
        workflow_runner=workflow_runner(workflows),
    )


async def test_a_confidential_process_encrypts_everything_that_it_sends(
    shared_environment: WorkflowEnvironment, keys: EncryptionKeys
) -> None:
    client = client_of(shared_environment, keys, KEY)
    process_id = str(uuid4())
    handle = await client.start_workflow(TalkativeWorkflow.run, {"text": CANARY}, id=process_id, task_queue=process_id)
    # Arrives before the workflow begins.
    update = asyncio.create_task(handle.execute_update(TalkativeWorkflow.add_and_return, CANARY))
    async with worker_of(client, process_id):
        assert await update == CANARY
        assert await handle.result() == {"message": CANARY}
        assert await handle.query(TalkativeWorkflow.texts) == []
    first = client.get_workflow_handle(process_id, run_id=handle.first_execution_run_id)
    for run in (first, client.get_workflow_handle(process_id), client.get_workflow_handle(f"{process_id}-child")):
        history = await run.fetch_history()
        assert not contains(history, CANARY)
        assert plain_in(history) <= PLAIN
        assert contains(history, ENCRYPTED)


async def test_confidential_processes_wait_for_their_key_while_ordinary_ones_run(
    shared_environment: WorkflowEnvironment, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    rest = rest_client(server.endpoint)
    path = f"GET /kms/keys/{KEY}"
    # The client repeats a call once.
    server.replies[path] = [*[Reply(503)] * 3, reply_with(KEY)]
    keys, queue = EncryptionKeys(Clock().request), str(uuid4())
    clients = [client_of(shared_environment, keys, key_id) for key_id in (KEY, None)]
    async with worker_of(client_of(shared_environment, keys_from_kuflow(rest), None), queue):
        handles = [
            await client.start_workflow(EchoWorkflow.run, {"text": CANARY}, id=str(uuid4()), task_queue=queue)
            for client in clients
        ]
        assert await asyncio.gather(*(handle.result() for handle in handles)) == [{"message": CANARY}] * 2
    confidential, ordinary = [await handle.fetch_history() for handle in handles]
    assert server.calls == [path] * 4
    [error] = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert isinstance(error, EncryptionError)
    assert error.process_id == handles[0].id
    assert f"Could not read the encryption key {KEY}: GET {server.endpoint}/kms/keys/{KEY}: 503" in str(error)
    assert not contains(confidential, CANARY)
    assert contains(ordinary, CANARY)
    assert not contains(ordinary, ENCRYPTED)
    await rest.close()


class UnreliableKeys(EncryptionKeys):
    """Fails once, at the given use of a key."""

    def __init__(self, fails_at: int) -> None:
        super().__init__(Clock().request)
        self._left = fails_at

    async def get(self, key_id: str) -> AESGCM:
        self._left -= 1
        if self._left == 0:
            raise EncryptionError("not now")
        return await super().get(key_id)


async def test_loses_nothing_wherever_a_key_cannot_be_read(
    shared_environment: WorkflowEnvironment, keys: EncryptionKeys
) -> None:
    client = client_of(shared_environment, keys, KEY)

    async def run(fails_at: int) -> tuple[object, WorkflowHistory, int]:
        process_id, unreliable = str(uuid4()), UnreliableKeys(fails_at)
        async with worker_of(client_of(shared_environment, unreliable, None), process_id):
            handle = await client.start_workflow(
                EchoWorkflow.run, {"text": CANARY}, id=process_id, task_queue=process_id
            )
            return await handle.result(), await handle.fetch_history(), unreliable._left

    # Input, input of the activity, the same in the activity, its result, the same in the workflow, and the result.
    for result, history, left in await asyncio.gather(*map(run, range(1, 7))):
        assert result == {"message": CANARY}
        assert left <= 0
        assert not contains(history, CANARY)
        assert plain_in(history) <= PLAIN


async def test_rejects_an_activity_that_is_completed_later_because_nothing_would_encrypt_its_result(
    shared_environment: WorkflowEnvironment, keys: EncryptionKeys
) -> None:
    client, process_id = client_of(shared_environment, keys, KEY), str(uuid4())
    async with worker_of(client, process_id):
        handle = await client.start_workflow(EchoWorkflow.run, {"text": "later"}, id=process_id, task_queue=process_id)

        async def failure() -> str:
            pending = (await handle.describe()).raw_description.pending_activities
            return pending[0].last_failure.message if pending else ""

        async with asyncio.timeout(60):
            while True:
                if "cannot be completed later" in await failure():
                    break
                await asyncio.sleep(0.05)
        await handle.terminate()


async def test_the_limit_for_payloads_counts_the_encrypted_size(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow({}, confidential=True)
    run = await start_process(environment, LargeWorkflow, kuflow, [TrialActivities()], max_payload_bytes=100_000)
    marked = Payload(metadata={"encoding": b"json/plain", KEY_ID: (kuflow.key_id or "").encode()}, data=b"x" * 90_002)
    refused = f"the input of activity length_of is {sent_size(marked)} bytes when encrypted; the limit is 100000"
    with pytest.raises(AssertionError, match=refused):
        await run.result()
