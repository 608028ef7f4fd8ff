"""Calls that KuFlow rejects because of their data. By default, Temporal repeats them until the cause is removed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter
from temporalio.exceptions import ActivityError, ApplicationError

#: The header of an activity whose call is not repeated after a rejection.
REJECTION_HEADER = "kuflow-fail-on-rejection"
REJECTED = "KuFlow_Worker.CallRejected"

# Missing permissions, timeouts and limits are not a matter of the data.
REPEATED = (401, 403, 408, 429)

_fails: ContextVar[bool] = ContextVar("kuflow_fails_on_rejection", default=False)


class CallRejected(ApplicationError):
    """Raised inside `fail_on_rejection` when KuFlow rejects a call. If you do not catch it, the workflow fails."""

    def __init__(self, operation: str, status: int, response: Mapping[str, Any] | None) -> None:
        details = {"operation": operation, "status": status, "response": response}
        super().__init__(f"KuFlow rejected {operation}: {status}", details, type=REJECTED, non_retryable=True)
        self.operation = operation
        self.status = status
        #: The body of KuFlow's response.
        self.response = response


@contextmanager
def fail_on_rejection() -> Iterator[None]:
    """A context manager for a `with` block. If KuFlow rejects a call inside the block with a 4xx status other than 401,
    403, 408 or 429, the call raises `CallRejected` instead of being retried. This includes calls to KuFlow from your
    own activities.
    """
    token = _fails.set(True)
    try:
        yield
    finally:
        _fails.reset(token)


def with_rejections(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    """Adds to the headers of an activity that its call is not repeated after a rejection."""
    if not _fails.get():
        return headers
    return {**headers, REJECTION_HEADER: DataConverter.default.payload_converter.to_payload(True)}


def fails_on_rejection(headers: Mapping[str, Payload], status: int | None) -> bool:
    """Whether a response with this status ends an activity for good."""
    return REJECTION_HEADER in headers and status is not None and 400 <= status < 500 and status not in REPEATED


def rejection_of(error: BaseException) -> CallRejected | None:
    """The rejection that an activity has failed with."""
    cause = error.cause if isinstance(error, ActivityError) else None
    if not isinstance(cause, ApplicationError) or cause.type != REJECTED:
        return None
    details = cause.details[0]
    return CallRejected(details["operation"], details["status"], details["response"])
