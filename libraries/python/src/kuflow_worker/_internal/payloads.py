"""Converts the payloads of workflows and activities, and limits their size."""

import typing
from collections.abc import Sequence
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
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from .encryption_guard import refuse_encrypted
from .redaction import PAYLOAD_TOO_LARGE
from .settings import DEFAULT_MAX_PAYLOAD_BYTES

# The metadata of a payload that says what it is for. The payload limit reads and removes it: it is never sent.
PROCESS = "kuflow-process"
PURPOSE = "kuflow-purpose"
#: The lowest limit that can be set. Smaller payloads need no purpose.
MIN_LIMIT = 10_000


class PayloadTooLarge(RuntimeError):
    """A payload of workflow code is too large. Fails the workflow task, so that the process waits."""

    def __init__(self, message: str, process_id: str) -> None:
        super().__init__(message)
        self.process_id = process_id


def data_converter(max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES) -> DataConverter:
    """Returns the converter that the worker, its tests and replays must share."""
    return DataConverter(payload_converter_class=WorkerPayloadConverter, payload_codec=_PayloadLimit(max_payload_bytes))


def check_result_size(result: object, info: activity.Info, max_bytes: int) -> None:
    """Refuses a large result of an activity. The failure is final, because another attempt would return the same."""
    size = len(_CONVERTER.to_payload(result).data)
    if size > max_bytes:
        purpose = f"the result of activity {info.activity_type}"
        message = _too_large(info.workflow_id or "", purpose, size, max_bytes)
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
    """Adds to each large payload of a workflow what it is for. Payloads of a replay were accepted before."""

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
        payloads = super().to_payloads(values)
        if workflow.in_workflow() and not workflow.unsafe.is_replaying():
            for payload in payloads:
                if len(payload.data) >= MIN_LIMIT:
                    payload.metadata[PROCESS] = workflow.info().workflow_id.encode()
                    payload.metadata[PURPOSE] = _describe(self._context).encode()
        return payloads

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        refuse_encrypted(payloads)
        return super().from_payloads(payloads, type_hints)


_CONVERTER = WorkerPayloadConverter()


def _describe(context: SerializationContext | None) -> str:
    if isinstance(context, ActivitySerializationContext):
        return f"the input of activity {context.activity_type}"
    if isinstance(context, WorkflowSerializationContext) and context.workflow_id != workflow.info().workflow_id:
        return f"a payload for workflow {context.workflow_id}"
    return "a payload of the workflow"


class _PayloadLimit(PayloadCodec):
    """Refuses large payloads of workflow code before anything is sent.

    The workflow task fails and is repeated, and nothing is recorded, so that another limit or other code lets the
    process continue.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._checked(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return list(payloads)

    def _checked(self, payload: Payload) -> Payload:
        if PURPOSE not in payload.metadata:
            return payload
        size = len(payload.data)
        if size > self._max_bytes:
            process_id, purpose = (payload.metadata[name].decode() for name in (PROCESS, PURPOSE))
            raise PayloadTooLarge(_too_large(process_id, purpose, size, self._max_bytes), process_id)
        metadata = {name: value for name, value in payload.metadata.items() if name not in (PROCESS, PURPOSE)}
        return Payload(metadata=metadata, data=payload.data)


def _too_large(process_id: str, purpose: str, size: int, max_bytes: int) -> str:
    return (
        f"Process {process_id}: {purpose} has {size} bytes, and {max_bytes} are allowed (worker.max-payload-bytes). "
        "Keep large data elsewhere, for example as a document in KuFlow, and pass a reference."
    )
