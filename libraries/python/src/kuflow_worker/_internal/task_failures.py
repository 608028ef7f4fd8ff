import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from temporalio import activity
from temporalio.exceptions import ApplicationError

from .metrics import Metrics
from .redaction import WITHOUT_VALUES, redact
from .rest_client import RestClient, RestError, RestRequest
from .workflow.item_context import ItemContext

# Seconds.
HOUR = 3_600
# Longer than the wait between two attempts. Another worker may have completed a task, or its process was canceled.
FAILING_FOR = 600
MAX_REASON = 300


@dataclass(eq=False)
class TaskFailures:
    """Counts failing tasks, and appends the reason to the log of a task in KuFlow.

    The log shows the reason after a number of failed attempts, or immediately if Temporal does not retry. It shows each
    reason at most once per hour for each task.
    """

    rest: RestClient
    metrics: Metrics
    attempts_before_log: int
    now: Callable[[], float] = time.time
    failing_for: float = FAILING_FOR

    def __post_init__(self) -> None:
        self._failing: dict[str, asyncio.TimerHandle] = {}
        # When each task and reason was logged, the oldest first.
        self._logged: dict[tuple[str, str], float] = {}
        self._appending: set[asyncio.Task[None]] = set()

    def failed(self, item: ItemContext, error: BaseException, info: activity.Info) -> None:
        """Reports a failed attempt of an activity that works on a task."""
        is_last = _is_last_attempt(error, info)
        self.metrics.system_task_failed(item.code)
        self._set_failing(item.process_item_id, not is_last)
        if not is_last and info.attempt < self.attempts_before_log:
            return
        reason = reason_of(error)
        outcome = "The task failed" if is_last else f"Attempt {info.attempt} failed; the worker will retry"
        message = f"{outcome}: {reason} (workflow {info.workflow_id})"
        # The activity does not wait: it must end with its own failure, even if KuFlow does not respond.
        append = self._append_to_log(item.process_item_id, reason, "ERROR" if is_last else "WARN", message)
        task = asyncio.create_task(append)
        self._appending.add(task)
        task.add_done_callback(self._appending.discard)

    def succeeded(self, item: ItemContext) -> None:
        self._set_failing(item.process_item_id, False)

    def _set_failing(self, item_id: str, is_failing: bool) -> None:
        timer = self._failing.pop(item_id, None)
        if timer is not None:
            timer.cancel()
        if is_failing:
            loop = asyncio.get_running_loop()
            self._failing[item_id] = loop.call_later(self.failing_for, self._set_failing, item_id, False)
        self.metrics.system_tasks_failing(len(self._failing))

    async def _append_to_log(self, item_id: str, reason: str, level: str, message: str) -> None:
        now = self.now()
        self._logged = {key: at for key, at in self._logged.items() if now - at < HOUR}
        key = (item_id, reason)
        if key in self._logged:
            return
        self._logged[key] = now
        try:
            await self.rest.call(
                RestRequest(
                    operation="appendProcessItemTaskLog",
                    method="POST",
                    path=f"/process-items/{item_id}/task/~actions/append-log",
                    body={"level": level, "message": message},
                    once=True,
                )
            )
        except Exception as error:
            self._logged.pop(key, None)
            activity.logger.warning("Could not write to the task log", exc_info=error)


def _is_last_attempt(error: BaseException, info: activity.Info) -> bool:
    policy = info.retry_policy
    if policy is not None and 0 < policy.maximum_attempts <= info.attempt:
        return True
    if isinstance(error, ApplicationError) and error.non_retryable:
        return True
    return policy is not None and _type_of(error) in (policy.non_retryable_error_types or ())


def _type_of(error: BaseException) -> str:
    """The name of an error for Temporal. Empty for one without a special type."""
    if isinstance(error, ApplicationError):
        return error.type or ""
    return type(error).__name__


def reason_of(error: BaseException) -> str:
    """The reason of a failed attempt, redacted and capped at 300 characters."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, RestError):
            response = "did not respond" if at.status is None else f"responded with {at.status}"
            return f"KuFlow {response} to {at.operation}"
        at = at.__cause__
    type_name = _type_of(error)
    message = error.message if isinstance(error, ApplicationError) else str(error)
    text = message if type_name in WITHOUT_VALUES else redact(message[: 10 * MAX_REASON].partition("\n")[0])
    # These names add nothing to the message.
    parts = [text] if type_name in ("Exception", "RuntimeError") else [type_name, text]
    reason = ": ".join(part for part in parts if part)
    return reason if len(reason) <= MAX_REASON else f"{reason[: MAX_REASON - 1]}…"
