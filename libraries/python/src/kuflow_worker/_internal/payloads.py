"""Converts the payloads of workflows and activities, and limits their size."""

import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from temporalio import activity, workflow
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    JSONTypeConverter,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from .encryption import KEY_ID, Confidential, EncryptionError, EncryptionKeys, decrypt, encrypt, mark, sent_size
from .redaction import PAYLOAD_TOO_LARGE
from .settings import DEFAULT_MAX_PAYLOAD_BYTES, MIN_MAX_PAYLOAD_BYTES

# The metadata of a payload that says what it is for. The payload limit reads and removes it: it is never sent.
PROCESS = "kuflow-process"
PURPOSE = "kuflow-purpose"


class PayloadTooLarge(RuntimeError):
    """A payload of workflow code is too large. Fails the workflow task, so that the process waits."""

    def __init__(self, message: str, process_id: str) -> None:
        super().__init__(message)
        self.process_id = process_id


def data_converter(
    keys: EncryptionKeys,
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES,
    on_failure: Callable[[EncryptionError], None] = lambda error: None,
) -> DataConverter:
    """Returns the converter that the worker, its tests and replays must share.

    `on_failure` gets each error of the encryption, which Temporal reports like one of the workflow code.
    """
    codec = _WorkerCodec(keys, max_payload_bytes, on_failure)
    return DataConverter(payload_converter_class=WorkerPayloadConverter, payload_codec=codec)


def check_result_size(result: object, info: activity.Info, key_id: str | None, max_bytes: int) -> None:
    """Refuses a large result of an activity. The failure is final, because another attempt would return the same."""
    payload = _CONVERTER.to_payload(mark(result, key_id))
    if sent_size(payload) > max_bytes:
        purpose = f"the result of activity {info.activity_type}"
        message = _too_large(info.workflow_id or "", purpose, payload, max_bytes)
        raise ApplicationError(message, type=PAYLOAD_TOO_LARGE, non_retryable=True)


class _UncheckedTypedDicts(JSONTypeConverter):
    """Leaves the values of typed dictionaries as they are.

    KuFlow's data can be invalid, and an activity whose argument has a wrong type would never begin.
    """

    def to_typed_value(self, hint: Any, value: Any) -> Any:
        # The origin of `Page[Process]` is `Page`.
        is_unchecked = typing.is_typeddict(typing.get_origin(hint) or hint)
        return value if is_unchecked else JSONTypeConverter.Unhandled


class WorkerPayloadConverter(CompositePayloadConverter):
    """Marks the payloads of confidential values, and adds to each large payload of a workflow what it is for.

    Payloads of a replay were accepted before.
    """

    def __init__(self) -> None:
        default = DefaultPayloadConverter.default_encoding_payload_converters
        json = JSONPlainPayloadConverter(custom_type_converters=[_UncheckedTypedDicts()])
        super().__init__(*(json if converter.encoding == json.encoding else converter for converter in default))
        self._context: SerializationContext | None = None

    def with_context(self, context: SerializationContext) -> "WorkerPayloadConverter":
        converter = WorkerPayloadConverter()
        converter._context = context
        return converter

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        payloads = [self._convert(value) for value in values]
        if workflow.in_workflow() and not workflow.unsafe.is_replaying():
            for payload in payloads:
                # No limit is lower, so smaller payloads need no purpose.
                if sent_size(payload) >= MIN_MAX_PAYLOAD_BYTES:
                    payload.metadata[PROCESS] = workflow.info().workflow_id.encode()
                    payload.metadata[PURPOSE] = _describe(self._context).encode()
        return payloads

    def _convert(self, value: object) -> Payload:
        if not isinstance(value, Confidential):
            return super().to_payloads([value])[0]
        payload = Payload()
        payload.CopyFrom(super().to_payloads([value.value])[0])
        payload.metadata[KEY_ID] = value.key_id.encode()
        return payload


_CONVERTER = WorkerPayloadConverter()


def _describe(context: SerializationContext | None) -> str:
    if isinstance(context, ActivitySerializationContext):
        return f"the input of activity {context.activity_type}"
    if isinstance(context, WorkflowSerializationContext) and context.workflow_id != workflow.info().workflow_id:
        return f"a payload for workflow {context.workflow_id}"
    return "a payload of the workflow"


@dataclass(frozen=True, eq=False)
class _WorkerCodec(PayloadCodec, WithSerializationContext):
    """Encrypts marked payloads, and refuses large payloads of workflow code before anything is sent.

    If it fails, the workflow task fails and is repeated, and nothing is recorded, so that another limit or other code
    lets the process continue.
    """

    keys: EncryptionKeys
    max_bytes: int
    on_failure: Callable[[EncryptionError], None]
    process_id: str | None = None

    def with_context(self, context: SerializationContext) -> "_WorkerCodec":
        return replace(self, process_id=getattr(context, "workflow_id", None))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        with self._named_in_errors():
            return [await encrypt(self._checked(payload), self.keys) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        with self._named_in_errors():
            return [await decrypt(payload, self.keys) for payload in payloads]

    @contextmanager
    def _named_in_errors(self) -> Iterator[None]:
        """Adds the process to errors, because the log line of the SDK has only the run of its workflow."""
        try:
            yield
        except EncryptionError as error:
            error.process_id = self.process_id
            self.on_failure(error)
            raise

    def _checked(self, payload: Payload) -> Payload:
        if PURPOSE not in payload.metadata:
            return payload
        process_id, purpose = (payload.metadata[name].decode() for name in (PROCESS, PURPOSE))
        metadata = {name: value for name, value in payload.metadata.items() if name not in (PROCESS, PURPOSE)}
        checked = Payload(metadata=metadata, data=payload.data)
        if sent_size(checked) > self.max_bytes:
            raise PayloadTooLarge(_too_large(process_id, purpose, checked, self.max_bytes), process_id)
        return checked


def _too_large(process_id: str, purpose: str, payload: Payload, max_bytes: int) -> str:
    size = f"{sent_size(payload)} bytes{' when encrypted' if KEY_ID in payload.metadata else ''}"
    return (
        f"Process {process_id}: {purpose} is {size}; the limit is {max_bytes} (worker.max-payload-bytes). "
        "Keep large data elsewhere, for example as a document in KuFlow, and pass a reference."
    )
