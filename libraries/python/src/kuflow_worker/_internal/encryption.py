"""The payloads of confidential processes, encrypted as by KuFlow's own libraries.

The headers with which KuFlow starts a workflow say that its process is confidential, and name the key. Interceptors
mark what such a process sends, and the payload codec encrypts it.
"""

import asyncio
import base64
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

from .connection import with_timeout
from .rest_client import RestClient, RestError, RestRequest

ENCODING_HEADER = "x-kuflow-encoding"
KEY_HEADER = "x-kuflow-encoding-encrypted-key-id"
ENCRYPTED = "binary/encrypted?vendor=KuFlow"
#: The metadata of a payload that is encrypted, or has to be.
KEY_ID = "encoding-encrypted-key-id"
ALGORITHM = b"AES-256-GCM"
# Bytes.
KEY_SIZE, NONCE_SIZE, TAG_SIZE = 32, 12, 16
# Seconds. The limit is below the timeout of a workflow task, so that the task fails with the reason.
KEY_KEPT = 3_600.0
KEY_LIMIT = 8.0


class EncryptionError(RuntimeError):
    """Data of a confidential process cannot be encrypted or decrypted.

    Fails the workflow task and not the workflow, or an attempt of the activity, so that Temporal tries again.
    """

    process_id: str | None = None


@dataclass(frozen=True, slots=True)
class Confidential:
    """A value whose payload must be encrypted."""

    value: object
    key_id: str


def mark(value: object, key_id: str | None) -> object:
    return value if key_id is None else Confidential(value, key_id)


def mark_call(call: Any, key_id: str | None) -> Any:
    """Marks the arguments of a call that a process sends through an interceptor, and adds its headers."""
    if key_id is not None:
        call.args = [Confidential(value, key_id) for value in call.args]
        call.headers = {**call.headers, **start_headers(key_id)}
    return call


def start_headers(key_id: str) -> Mapping[str, Payload]:
    to_payload = DataConverter.default.payload_converter.to_payload
    return {ENCODING_HEADER: to_payload(ENCRYPTED), KEY_HEADER: to_payload(key_id)}


def key_id_of(headers: Mapping[str, Payload]) -> str | None:
    """Returns the key that these headers name if the process is confidential."""
    if ENCODING_HEADER not in headers or _read(headers[ENCODING_HEADER]) != ENCRYPTED:
        return None
    key_id = _read(headers[KEY_HEADER]) if KEY_HEADER in headers else None
    if not isinstance(key_id, str) or not key_id:
        raise EncryptionError(f"The process is confidential, but the header {KEY_HEADER} does not name a key")
    return key_id


def _read(header: Payload) -> object:
    return DataConverter.default.payload_converter.from_payload(header)


@dataclass(slots=True)
class _Entry:
    key: asyncio.Future[AESGCM]
    used: float


@dataclass(eq=False)
class EncryptionKeys:
    """The keys of confidential processes.

    A key is requested once however many callers wait, and kept for an hour after its last use. A failure is not kept.
    """

    request: Callable[[str], Awaitable[AESGCM]]
    limit: float = KEY_LIMIT
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    async def get(self, key_id: str) -> AESGCM:
        now = self.now()
        for known, entry in list(self._entries.items()):
            if entry.key.done() and now - entry.used >= KEY_KEPT:
                del self._entries[known]
        if key_id not in self._entries:
            self._entries[key_id] = _Entry(asyncio.ensure_future(self.request(key_id)), now)
            self._entries[key_id].key.add_done_callback(lambda key: self._forget_failure(key_id, key))
        entry = self._entries[key_id]
        entry.used = now
        try:
            # A caller that is canceled or gives up does not end the request of the others.
            return await with_timeout(asyncio.shield(entry.key), self.limit, f"no response within {self.limit:g} s")
        except (RestError, TimeoutError, ValueError) as error:
            raise EncryptionError(f"Could not read the encryption key {key_id}: {error}") from error

    def _forget_failure(self, key_id: str, key: asyncio.Future[AESGCM]) -> None:
        if key.cancelled() or key.exception() is not None:
            del self._entries[key_id]


def keys_from_kuflow(rest: RestClient) -> EncryptionKeys:
    """The keys that KuFlow's key service returns to this application."""
    return EncryptionKeys(lambda key_id: request_key(rest, key_id))


async def request_key(rest: RestClient, key_id: str) -> AESGCM:
    """Requests a key from KuFlow's key service."""
    path = f"/kms/keys/{quote(key_id, safe='')}"
    response = await rest.call(RestRequest(operation="retrieveKmsKey", method="GET", path=path))
    try:
        key = base64.b64decode(response.body["value"], validate=True)
    except (TypeError, KeyError, ValueError):
        key = b""
    if len(key) != KEY_SIZE:
        raise ValueError(f"the response is not a key of {KEY_SIZE} bytes")
    return AESGCM(key)


async def encrypt(payload: Payload, keys: EncryptionKeys) -> Payload:
    """Encrypts a marked payload. Returns any other payload as it is."""
    if KEY_ID not in payload.metadata:
        return payload
    key_id = payload.metadata[KEY_ID]
    key = await keys.get(key_id.decode())
    nonce = os.urandom(NONCE_SIZE)
    sealed = base64.b64encode(nonce + key.encrypt(nonce, payload.SerializeToString(), None))
    return Payload(metadata={"encoding": ENCRYPTED.encode(), KEY_ID: key_id}, data=ALGORITHM + b":" + sealed)


async def decrypt(payload: Payload, keys: EncryptionKeys) -> Payload:
    """Decrypts an encrypted payload. Returns any other payload as it is."""
    if payload.metadata.get("encoding") != ENCRYPTED.encode():
        return payload
    key_id = payload.metadata.get(KEY_ID, b"").decode()
    if not key_id:
        raise EncryptionError("Could not decrypt a payload: its key ID is missing")
    algorithm, _, sealed = payload.data.partition(b":")
    if algorithm != ALGORITHM:
        raise EncryptionError("Could not decrypt a payload: it is not encrypted with AES-256-GCM")
    key = await keys.get(key_id)
    try:
        content = base64.b64decode(sealed, validate=True)
        decrypted = key.decrypt(content[:NONCE_SIZE], content[NONCE_SIZE:], None)
    except (ValueError, InvalidTag) as error:
        reason = "it is damaged, or encrypted with another key"
        raise EncryptionError(f"Could not decrypt a payload with the key {key_id}: {reason}") from error
    return Payload.FromString(decrypted)


def sent_size(payload: Payload) -> int:
    """The number of bytes of a payload's data when it is sent, which is after a marked payload has been encrypted."""
    if KEY_ID not in payload.metadata:
        return len(payload.data)
    sealed = NONCE_SIZE + payload.ByteSize() + TAG_SIZE
    return len(ALGORITHM) + 1 + 4 * -(-sealed // 3)
