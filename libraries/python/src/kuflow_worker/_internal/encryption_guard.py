"""Refuses processes for which KuFlow requires encrypted payloads.

This worker has no codec for them and must not answer in plain text. An ordinary exception, unlike one of Temporal's
failures, fails the workflow task and not the workflow: Temporal retries it, and the process waits.
"""

from collections.abc import Mapping, Sequence

from temporalio.api.common.v1 import Payload

ENCODING_HEADER = "x-kuflow-encoding"
ENCRYPTED = "binary/encrypted"


def refuse_encryption(headers: Mapping[str, Payload]) -> None:
    if ENCODING_HEADER in headers:
        raise _error(f"start header {ENCODING_HEADER}")


def refuse_encrypted(payloads: Sequence[Payload]) -> None:
    if any(payload.metadata.get("encoding", b"").startswith(ENCRYPTED.encode()) for payload in payloads):
        raise _error(f"encoding {ENCRYPTED}")


def _error(reason: str) -> RuntimeError:
    return RuntimeError(
        f"KuFlow requires encrypted payloads for this process ({reason}), but this worker does not support encryption. "
        "Turn off encryption in the process definition, or run a worker that supports it."
    )
