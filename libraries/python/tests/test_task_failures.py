import asyncio
from typing import Any

import pytest
from temporalio.common import MetricMeter, RetryPolicy
from temporalio.exceptions import ApplicationError

from kuflow_worker._internal.metrics import Metrics
from kuflow_worker._internal.redaction import INVALID_TASK_DATA
from kuflow_worker._internal.rest_client import (
    RestClient,
    RestError,
    RestRequest,
    RestResponse,
)
from kuflow_worker._internal.task_failures import HOUR, TaskFailures, reason_of
from kuflow_worker._internal.workflow.item_context import ItemContext

from .support.activity_environment import activity_environment, run_activity

ITEM = ItemContext("item", "CHECK", validates=True)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param('No customer "Ada L" for ada@example.com', "No customer … for …", id="hides quotes and addresses"),
        pytest.param(
            "The server doesn't answer, so it isn't used",
            "The server doesn't answer, so it isn't used",
            id="keeps apostrophes",
        ),
        pytest.param("Status 503 for account 12 3456 7890", "Status 503 for account …", id="hides long numbers"),
        pytest.param(
            "GET https://u:p@bank.example.com/ada?token=abc failed",
            "GET https://bank.example.com failed",
            id="keeps the host of a URL",
        ),
        pytest.param(
            "password=hunter2 is wrong for 4fd7a2c9e1b08d36aa",
            "password=… is wrong for …",
            id="hides values and keys",
        ),
        pytest.param(
            "status=500, statusCode=404 for name=Ada status=Ada",
            "status=500, statusCode=404 for name=… status=…",
            id="keeps a status",
        ),
        pytest.param('First line\n  File "secret.py"', "First line", id="has one line"),
        pytest.param("x" * 1_000, "x" * 299 + "…", id="has at most 300 characters"),
    ],
)
def test_the_reason_of_a_failure(message: str, expected: str) -> None:
    assert reason_of(Exception(message)) == expected


def test_the_reason_of_a_failure_names_the_type_of_the_error() -> None:
    invalid = ApplicationError("/birthdays/2026-01-01 must be a date", type=INVALID_TASK_DATA)
    assert reason_of(invalid) == "InvalidTaskData: /birthdays/2026-01-01 must be a date"
    assert reason_of(ApplicationError("No such loan", type="UnknownLoan")) == "UnknownLoan: No such loan"
    assert reason_of(ApplicationError("closed")) == "closed"
    assert reason_of(KeyError("Ada")) == "KeyError: …"
    assert reason_of(TimeoutError()) == "TimeoutError"


def test_names_the_status_and_the_operation_if_kuflow_rejects_a_call() -> None:
    wrapped = ValueError("wrapped")
    wrapped.__cause__ = RestError("PUT https://x/1: 404 Ada", operation="retrieveProcess", status=404)
    assert reason_of(wrapped) == "KuFlow responded with 404 to retrieveProcess"
    assert reason_of(RestError("no response", operation="findProcesses")) == "KuFlow did not respond to findProcesses"


class RecordedCalls(RestClient):
    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.error: Exception | None = None

    async def call(self, request: RestRequest) -> RestResponse:
        self.sent.append(request.body)
        if self.error is not None:
            raise self.error
        return RestResponse({}, {})


class FailingTasks(Metrics):
    def __init__(self) -> None:
        super().__init__(MetricMeter.noop)
        self.counts: asyncio.Queue[int] = asyncio.Queue()
        self.system_tasks_failing = self.counts.put_nowait


class Attempts:
    """Attempts of an activity for a task that a test lets fail."""

    def __init__(self, failing_for: float = 600) -> None:
        self.rest = RecordedCalls()
        self.metrics = FailingTasks()
        self.now = 0.0
        self.failures = TaskFailures(self.rest, self.metrics, 3, now=lambda: self.now, failing_for=failing_for)

    async def run(self, number: int, error: Exception | None = None, maximum: int = 0) -> None:
        async def attempt() -> None:
            if error is not None:
                raise error

        policy = RetryPolicy(maximum_attempts=maximum)
        environment = activity_environment(attempt=number, retry_policy=policy, workflow_id="process")
        item = ItemContext("item", "CHECK", validates=False)
        try:
            await run_activity(environment, attempt, item=item, failures=self.failures)
        except Exception as raised:
            assert raised is error
        # The activity does not wait for the call.
        await asyncio.sleep(0)


@pytest.fixture
def attempts() -> Attempts:
    return Attempts()


async def test_shows_the_reason_and_the_workflow_of_a_failure_after_the_third_attempt_and_again_an_hour_later(
    attempts: Attempts,
) -> None:
    for number in range(1, 5):
        await attempts.run(number, Exception("no paper"))
    message = "Attempt 3 failed; the worker will retry: no paper (workflow process)"
    assert attempts.rest.sent == [{"level": "WARN", "message": message}]
    await attempts.run(5, Exception("no ink"))
    assert len(attempts.rest.sent) == 2
    attempts.now += HOUR
    await attempts.run(6, Exception("no paper"))
    assert len(attempts.rest.sent) == 3


async def test_gets_the_reason_immediately_when_no_retries_are_left(attempts: Attempts) -> None:
    await attempts.run(1, ApplicationError("closed", non_retryable=True))
    await attempts.run(2, Exception("the last one"), maximum=2)
    assert attempts.rest.sent == [
        {"level": "ERROR", "message": "The task failed: closed (workflow process)"},
        {"level": "ERROR", "message": "The task failed: the last one (workflow process)"},
    ]


async def test_gets_the_reason_after_the_next_attempt_if_kuflow_rejected_it_before(attempts: Attempts) -> None:
    attempts.rest.error = Exception("down")
    await attempts.run(3, Exception("no paper"))
    await attempts.run(4, Exception("no paper"))
    assert len(attempts.rest.sent) == 2


async def test_counts_the_task_as_failing_until_an_attempt_succeeds_or_until_nothing_happens_for_10_minutes() -> None:
    attempts = Attempts(failing_for=0.01)
    await attempts.run(1, Exception("no paper"))
    await attempts.run(2)
    await attempts.run(3, Exception("no paper"))
    async with asyncio.timeout(30):
        assert [await attempts.metrics.counts.get() for _ in range(4)] == [1, 0, 1, 0]
