"""Encrypts or decrypts payloads with the library or with KuFlow's Python SDK, whichever is installed.

Reads `{"keys": {id: key}, "payloads": [payload]}` and prints the resulting payloads, as JSON with base64.
"""

import asyncio
import base64
import json
import sys
from types import SimpleNamespace

from temporalio.api.common.v1 import Payload


def codec_of_the_library(keys: dict[str, bytes]):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from kuflow_worker._internal.encryption import EncryptionKeys
    from kuflow_worker._internal.payloads import data_converter

    async def request(key_id: str) -> AESGCM:
        return AESGCM(keys[key_id])

    return data_converter(EncryptionKeys(request)).payload_codec


def codec_of_the_sdk(keys: dict[str, bytes]):
    from kuflow_temporal_worker._encryption import _kuflow_crypto as crypto
    from kuflow_temporal_worker._encryption import _kuflow_encryption_payload_codec as codec

    # The SDK calls its ciphers without awaiting them. These coroutines never wait.
    def awaited(method):
        def run(*arguments):
            try:
                method(*arguments).send(None)
            except StopIteration as end:
                return end.value
            raise RuntimeError("the cipher waits")

        return run

    cipher = crypto.CipherAes256GCM()
    repaired = SimpleNamespace(
        algorithm="AES-256-GCM", encrypt=awaited(cipher.encrypt), decrypt=awaited(cipher.decrypt)
    )
    codec.CIPHERS = SimpleNamespace(AES_256_GCM=repaired)
    kms = SimpleNamespace(retrieve_kms_key=lambda id: SimpleNamespace(id=id, value=keys[id]))
    return codec.KuFlowEncryptionPayloadCodec(SimpleNamespace(kms=kms))


def to_payload(sample: dict) -> Payload:
    metadata = {name: base64.b64decode(value) for name, value in sample["metadata"].items()}
    return Payload(metadata=metadata, data=base64.b64decode(sample["data"]))


def from_payload(payload: Payload) -> dict:
    metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
    return {"metadata": metadata, "data": base64.b64encode(payload.data).decode()}


async def main(codec_name: str, method: str) -> None:
    samples = json.load(sys.stdin)
    keys = {key_id: base64.b64decode(key) for key_id, key in samples["keys"].items()}
    codec = {"library": codec_of_the_library, "sdk": codec_of_the_sdk}[codec_name](keys)
    payloads = [to_payload(sample) for sample in samples["payloads"]]
    print(json.dumps([from_payload(payload) for payload in await getattr(codec, method)(payloads)]))


asyncio.run(main(*sys.argv[1:]))
