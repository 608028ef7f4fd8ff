import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio import activity
from temporalio.api.common.v1 import Payload
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from .encryption import key_id_of
from .payloads import check_result_size
from .rest_client import RestError
from .settings import DEFAULT_MAX_PAYLOAD_BYTES
from .task_data import Validators, validate_task_data
from .task_failures import TaskFailures
from .workflow.item_context import ItemContext, item_of, set_current_item
from .workflow.rejections import CallRejected, fails_on_rejection


@dataclass(frozen=True, eq=False)
class ActivityInterceptor(Interceptor):
    """Validates and limits the results of all activities, KuFlow's and your own.

    Reports failures, and the item they belong to.
    """

    failures: TaskFailures | None = None
    max_payload_bytes: int = DEFAULT_MAX_PAYLOAD_BYTES
    validators: Validators = field(default_factory=dict)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Inbound(next, self)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, options: ActivityInterceptor) -> None:
        super().__init__(next)
        self._options = options

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        info = activity.info()
        item = item_of(input.headers)
        # Stays set after this method, because Temporal's SDK then logs the failure of the activity.
        set_current_item(item or _requested_item(input.args))
        attempt = _Attempt(item, info, self._options.failures)
        try:
            result = await self.next.execute_activity(input)
            if item is not None and item.validates:
                validate_task_data(self._options.validators, item.code, {} if result is None else result)
            check_result_size(result, info, key_id_of(input.headers), self._options.max_payload_bytes)
            attempt.succeeded()
            return result
        except Exception as error:
            if activity.is_cancelled():
                raise asyncio.CancelledError from error
            failure = _to_failure(error, info, input.headers)
            if failure is error:
                attempt.failed(error)
                raise
            failure.__cause__ = error
            attempt.failed(failure if isinstance(failure, CallRejected) else error)
            raise failure from error
        finally:
            attempt.end()


class _Attempt:
    """Reports once whether an attempt of a system task failed."""

    def __init__(self, item: ItemContext | None, info: activity.Info, failures: TaskFailures | None) -> None:
        self._item = item if item is not None and item.validates is not None else None
        self._info = info
        self._failures = failures
        self._has_failed = False
        # After this timeout, the engine counts the attempt as failed, even if it completes later.
        self._timer: asyncio.TimerHandle | None = None
        if info.start_to_close_timeout is not None:
            seconds = info.start_to_close_timeout.total_seconds()
            error = RuntimeError(f"no result within {seconds:g} s")
            self._timer = asyncio.get_running_loop().call_later(seconds, self.failed, error)

    def failed(self, error: Exception) -> None:
        if self._item is None or self._failures is None or self._has_failed or activity.is_cancelled():
            return
        self._has_failed = True
        self._failures.failed(self._item, error, self._info)

    def succeeded(self) -> None:
        if self._item is not None and self._failures is not None and not self._has_failed:
            self._failures.succeeded(self._item)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _to_failure(error: Exception, info: activity.Info, headers: Mapping[str, Payload]) -> Exception:
    """What Temporal records for an error.

    These are the failures of KuFlow's own libraries for their activities, and for every call to KuFlow. `Retry-After`
    sets the delay of the next attempt.
    """
    if not isinstance(error, RestError):
        if isinstance(error, ApplicationError) or not info.activity_type.startswith("KuFlow_Engine_"):
            return error
        return ApplicationError("Invocation error", type="KuFlowActivities.Failure")
    # Temporal repeats this until somebody removes the cause, so it must be visible in the log.
    if error.status is not None and 400 <= error.status < 500:
        extra = {"operation": error.operation, "status": error.status}
        activity.logger.error("KuFlow rejected a call", extra=extra, exc_info=error)
    if error.status is not None and fails_on_rejection(headers, error.status):
        return CallRejected(error.operation, error.status, error.details)
    return ApplicationError(
        "Rest Invocation error",
        *([] if error.details is None else [error.details]),
        type="KuFlowActivities.RestFailure",
        next_retry_delay=None if error.retry_after is None else timedelta(seconds=error.retry_after),
    )


def _requested_item(arguments: Sequence[Any]) -> ItemContext | None:
    """The item in the request of one of KuFlow's activities."""
    request = arguments[0] if arguments else None
    item_id = request.get("processItemId") if isinstance(request, dict) else None
    return ItemContext(process_item_id=item_id, code="") if isinstance(item_id, str) else None
