import asyncio
import json
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Literal

import pytest
from temporalio.common import MetricMeter
from temporalio.exceptions import ApplicationError

from kuflow_worker._internal.activities import (
    activities_of,
    activity_name,
    create_kuflow_activities,
)
from kuflow_worker._internal.client import KuFlowClient
from kuflow_worker._internal.metrics import Metrics
from kuflow_worker._internal.rest_client import RestClient

from .support.activity_environment import (
    activity_environment,
    rest_client,
    run_activity,
    run_kuflow_activity,
)
from .support.environment import APPLICATION_ID
from .support.scripted_server import ReceivedRequest, Reply, ScriptedServer

ITEM = "22222222-2222-4333-8444-555555555555"
RETRIEVE = f"GET /process-items/{ITEM}"
CREATE = {"id": ITEM, "type": "TASK", "processId": ITEM, "processItemDefinitionCode": "A"}


class CountedCalls(Metrics):
    def __init__(self) -> None:
        super().__init__(MetricMeter.noop)
        self.statuses: list[int | str] = []

    def rest_call(self, operation: str, status: int | Literal["error"]) -> None:
        self.statuses.append(status)


@pytest.fixture
def counted() -> CountedCalls:
    return CountedCalls()


@pytest.fixture
async def rest(server: ScriptedServer, counted: CountedCalls) -> AsyncIterator[RestClient]:
    rest = rest_client(server.endpoint, counted)
    yield rest
    await rest.close()


def task(state: str, owner_id: str | None = None) -> dict[str, Any]:
    owner = {} if owner_id is None else {"ownerId": owner_id}
    return {"id": ITEM, "type": "TASK", "processId": ITEM, "task": {"state": state}, **owner}


async def retrieve(rest: RestClient) -> Any:
    return await run_kuflow_activity(rest, "KuFlow_Engine_retrieveProcessItem", {"processItemId": ITEM})


async def failure_of(run: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as failure:
        await run
    return failure.value


async def test_return_the_result_in_the_field_that_kuflow_uses(server: ScriptedServer, rest: RestClient) -> None:
    server.replies[RETRIEVE] = [Reply(200, task("READY"))]
    assert await retrieve(rest) == {"processItem": task("READY")}


async def test_accept_only_a_successful_response_with_a_body_not_a_redirect(
    server: ScriptedServer, rest: RestClient
) -> None:
    server.replies["POST /process-items"] = [Reply(302, headers={"location": "https://login.example.com/?x"})]
    failure = await failure_of(run_kuflow_activity(rest, "KuFlow_Engine_createProcessItem", CREATE))
    assert failure.type == "KuFlowActivities.RestFailure"
    assert "302 to https://login.example.com is not a KuFlow API response" in str(failure.__cause__)
    assert server.calls == ["POST /process-items"]

    server.replies["POST /process-items"] = [Reply(body=b"")]
    failure = await failure_of(run_kuflow_activity(rest, "KuFlow_Engine_createProcessItem", CREATE))
    assert str(failure.__cause__) == "createProcessItem: the response has no body"
    server.replies["POST /process-items"] = [Reply(body=b"<html>")]
    failure = await failure_of(run_kuflow_activity(rest, "KuFlow_Engine_createProcessItem", CREATE))
    assert "200 with a body that is not JSON" in str(failure.__cause__)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"id": ITEM, "type": "TASK", "processId": ITEM}, "'processItemDefinitionCode' is required"),
        ({"id": ITEM, "type": "MESSAGE", "processId": ITEM}, "'message' is required"),
    ],
)
async def test_reject_an_invalid_request_with_a_failure_that_is_not_retried(
    server: ScriptedServer, rest: RestClient, request_: dict[str, Any], message: str
) -> None:
    failure = await failure_of(run_kuflow_activity(rest, "KuFlow_Engine_createProcessItem", request_))
    assert (failure.type, failure.message) == ("KuFlowActivities.ValidationFailure", message)
    assert failure.non_retryable
    assert server.calls == []


@pytest.mark.parametrize(("retry_after", "delay"), [("7", timedelta(seconds=7)), ("9" * 20, timedelta(minutes=5))])
async def test_fail_with_kuflows_error_and_retry_after_the_time_that_kuflow_asks_for(
    server: ScriptedServer, rest: RestClient, retry_after: str, delay: timedelta
) -> None:
    server.replies[RETRIEVE] = [Reply(429, {"message": "no"}, {"retry-after": retry_after})]
    failure = await failure_of(retrieve(rest))
    assert (failure.type, failure.non_retryable) == ("KuFlowActivities.RestFailure", False)
    assert failure.next_retry_delay == delay
    assert failure.details == ({"message": "no"},)
    assert len(server.calls) == 1


async def test_log_and_count_each_call_that_kuflow_rejects(
    rest: RestClient, counted: CountedCalls, caplog: pytest.LogCaptureFixture
) -> None:
    failure = await failure_of(retrieve(rest))
    assert failure.type == "KuFlowActivities.RestFailure"
    assert counted.statuses == [404]
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "KuFlow rejected a call" in record.getMessage()
    assert vars(record)["status"] == 404


async def test_retry_a_call_at_most_once(server: ScriptedServer, rest: RestClient) -> None:
    server.replies[RETRIEVE] = [Reply(503)]
    assert (await failure_of(retrieve(rest))).type == "KuFlowActivities.RestFailure"
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("action", "status", "item", "is_done"),
    [
        ("claim", 409, task("CLAIMED", APPLICATION_ID), True),
        ("claim", 409, task("CLAIMED", "somebody"), False),
        ("claim", 409, task("COMPLETED", APPLICATION_ID), False),
        ("complete", 403, task("COMPLETED", APPLICATION_ID), True),
        ("complete", 409, task("COMPLETED", "somebody"), False),
        ("complete", 409, task("READY"), False),
        ("assign", 409, task("CLAIMED", APPLICATION_ID), True),
        ("assign", 409, task("CLAIMED", "somebody"), False),
    ],
)
async def test_treat_an_action_that_is_refused_as_done_only_if_this_application_has_done_it(
    server: ScriptedServer, rest: RestClient, action: str, status: int, item: dict[str, Any], is_done: bool
) -> None:
    server.replies[f"POST /process-items/{ITEM}/task/~actions/{action}"] = [Reply(status)]
    server.replies[RETRIEVE] = [Reply(200, item)]
    request = {"processItemId": ITEM, "ownerId": APPLICATION_ID}
    run = run_kuflow_activity(rest, f"KuFlow_Engine_{action}ProcessItemTask", request)
    if is_done:
        assert await run == {"processItem": item}
    else:
        assert (await failure_of(run)).type == "KuFlowActivities.RestFailure"


async def test_send_the_same_generated_id_in_every_attempt_to_create_something(
    server: ScriptedServer, rest: RestClient
) -> None:
    async def respond(request: ReceivedRequest) -> Reply | None:
        # The first response is lost after KuFlow has processed the request.
        return Reply() if len(server.requests) > 1 else None

    server.respond = respond
    request = {"processId": ITEM, "processActionDefinitionCode": "WITHDRAW"}
    await run_kuflow_activity(rest, "KuFlow_Engine_createProcessAction", request)
    first, second = (json.loads(request.content)["id"] for request in server.requests)
    assert first == second
    assert len(first) == 36


async def test_invoke_read_and_cancel_a_user_action(server: ScriptedServer, rest: RestClient) -> None:
    actions = f"/processes/{ITEM}/actions"
    for call in (f"POST {actions}", f"GET {actions}/{ITEM}", f"POST {actions}/{ITEM}/~actions/cancel"):
        server.replies[call] = [Reply(200, {"id": ITEM, "status": "REQUESTED"})]
    fields = {"id": ITEM, "processActionDefinitionCode": "NOTE", "createProcessItemMessage": {"text": "Hello"}}
    results = [
        await run_kuflow_activity(rest, "KuFlow_Engine_createProcessAction", {"processId": ITEM, **fields}),
        await run_kuflow_activity(
            rest, "KuFlow_Engine_retrieveProcessAction", {"processId": ITEM, "processActionId": ITEM}
        ),
        await run_kuflow_activity(
            rest, "KuFlow_Engine_cancelProcessAction", {"processId": ITEM, "processActionId": ITEM}
        ),
    ]
    assert results == 3 * [{"processAction": {"id": ITEM, "status": "REQUESTED"}}]
    assert json.loads(server.requests[0].content) == fields


async def test_send_searches_and_patches_as_the_api_expects_them(server: ScriptedServer, rest: RestClient) -> None:
    search = "GET /process-items?page=0&processId=a&processId=b"
    server.replies[search] = [Reply(200, {"content": []})]
    request: dict[str, Any] = {"page": 0, "processIds": ["a", "b"], "types": None}
    result = await run_kuflow_activity(rest, "KuFlow_Engine_findProcessItems", request)
    assert result == {"processItems": {"content": []}}

    server.replies[f"PATCH /processes/{ITEM}/metadata"] = [Reply(200, {"id": ITEM})]
    patch = [{"op": "remove", "path": "/x"}]
    await run_kuflow_activity(rest, "KuFlow_Engine_patchProcessMetadata", {"processId": ITEM, "params": patch})
    assert json.loads(server.requests[-1].content) == patch
    assert server.requests[-1].headers["content-type"] == "application/json-patch+json"


async def test_abort_the_call_when_they_are_canceled(server: ScriptedServer, rest: RestClient) -> None:
    arrived = asyncio.Event()

    async def respond(request: ReceivedRequest) -> Reply | None:
        arrived.set()
        await asyncio.Event().wait()
        return None

    server.respond = respond
    environment = activity_environment()
    kuflow = KuFlowClient(rest, APPLICATION_ID)
    run = asyncio.create_task(run_activity(environment, kuflow.retrieve_process_item, {"processItemId": ITEM}))
    async with asyncio.timeout(30):
        await arrived.wait()
        environment.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await server.closed.wait()


async def test_have_kuflows_names_and_the_name_of_the_worker(server: ScriptedServer, rest: RestClient) -> None:
    activities = create_kuflow_activities(KuFlowClient(rest, APPLICATION_ID), {})
    names = {activity_name(activity) for activity in activities}
    assert len(names) == len(activities) == 40
    assert {"KuFlow_Engine_generateProcessItemAiAssistance", "KuFlow_Worker_completeTask"} <= names
    assert activities_of(object()) == []
    application = await run_kuflow_activity(rest, "KuFlow_Worker_retrieveApplication")
    assert application == {"applicationId": APPLICATION_ID}
