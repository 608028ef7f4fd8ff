from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from kuflow_worker._internal.client import KuFlowClient
from kuflow_worker._internal.model import CompleteTaskRequest
from kuflow_worker._internal.operations import Operation
from kuflow_worker._internal.rest_client import RestClient
from kuflow_worker._internal.task_data import _validator, complete_task
from kuflow_worker._internal.workflow.item_context import ItemContext

from .support.activity_environment import activity_environment, run_activity

ITEM_ID = "22222222-2222-4333-8444-555555555555"
SCHEMA = {
    "type": "object",
    "required": ["decision"],
    "properties": {
        "score": {"type": "integer", "maximum": 1000, "format": "kuflow-score"},
        "decision": {"enum": ["ACCEPT", "REJECT"]},
        "person": {"required": ["name", "it's"]},
        "names": {"type": "array", "items": {"type": "string", "pattern": "^\\p{L}+$"}},
    },
    "patternProperties": {"^\\p{Lu}": {"type": "string"}},
    "additionalProperties": False,
}


VALIDATORS = {
    "LoanWorkflow": {"CHECK_LOAN": _validator(SCHEMA)},
    "ClaimWorkflow": {"CHECK_CLAIM": _validator(SCHEMA)},
}


async def run_system_task(result: Any, code: str = "CHECK_LOAN", workflow_type: str = "LoanWorkflow") -> Any:
    async def check() -> Any:
        return result

    environment = activity_environment(workflow_type=workflow_type)
    return await run_activity(
        environment, check, item=ItemContext(ITEM_ID, code, validates=True), validators=VALIDATORS
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            {"score": "Ada", "decision": "Ada"},
            '/score must match type "integer"; /decision must match enum ["ACCEPT", "REJECT"]',
        ),
        (None, "/ must have required property 'decision'"),
        (
            {"decision": "ACCEPT", "score": 1001, "names": ["x", 7], "person": {"age": 7}},
            "/score must match maximum 1000; /person must have required property 'name'; "
            "/person must have required property 'it's'; /names/1 must match type \"string\"",
        ),
    ],
)
async def test_rejects_data_that_does_not_match_the_schema_without_its_values(data: Any, problem: str) -> None:
    with pytest.raises(ApplicationError) as failure:
        await run_system_task(data)
    assert failure.value.type == "InvalidTaskData"
    assert failure.value.message == f"The data of CHECK_LOAN does not match its schema: {problem}"
    assert not failure.value.non_retryable


async def test_accepts_other_data_and_ignores_what_python_cannot_check() -> None:
    data = {"decision": "ACCEPT", "names": ("7",), "7": "no matter"}
    assert await run_system_task(data) == data
    assert await run_system_task(7, code="UNKNOWN") == 7


async def test_finds_the_schema_of_a_task_that_a_child_workflow_works_on() -> None:
    with pytest.raises(ApplicationError, match="CHECK_CLAIM does not match its schema"):
        await run_system_task({}, code="CHECK_CLAIM", workflow_type="ChildWorkflow")


class SavedTask(KuFlowClient):
    """A client of a KuFlow that has only one task."""

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__(RestClient.__new__(RestClient), "application")
        self.item = item
        self.performed: list[str] = []

    async def perform(self, operation: Operation[Any, Any], request: Any) -> Any:
        self.performed.append(operation.name)
        return {"processItem": self.item}


async def complete(kuflow: KuFlowClient, data: dict[str, Any], attempt: int = 1) -> Any:
    request: CompleteTaskRequest = {"processItemId": ITEM_ID, "code": "CHECK_LOAN", "data": data}
    environment = activity_environment(workflow_type="LoanWorkflow", attempt=attempt)
    return await run_activity(environment, complete_task, kuflow, VALIDATORS, request)


async def test_saves_valid_data_and_completes_the_task_once() -> None:
    kuflow = SavedTask({"ownerId": "application", "task": {"state": "COMPLETED"}})
    await complete(kuflow, {"decision": "ACCEPT"})
    assert kuflow.performed == ["updateProcessItemTaskData", "completeProcessItemTask"]
    await complete(kuflow, {"decision": "ACCEPT"}, attempt=2)
    assert kuflow.performed[2:] == ["retrieveProcessItem"]


async def test_leaves_a_task_open_whose_data_is_invalid() -> None:
    errors = [{"propertyPath": "/x", "type": "REQUIRED"}]
    kuflow = SavedTask({"task": {"state": "CLAIMED", "data": {"value": {}, "valid": False, "errors": errors}}})
    with pytest.raises(ApplicationError, match="does not match the task's structure in KuFlow: /x REQUIRED") as later:
        await complete(kuflow, {"decision": "ACCEPT"})
    assert not later.value.non_retryable
    with pytest.raises(ApplicationError) as final:
        await complete(kuflow, {})
    assert final.value.non_retryable
    assert kuflow.performed == ["updateProcessItemTaskData"]
