import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any, TypeAlias

from jsonschema import Draft7Validator, Draft201909Validator, Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from temporalio import activity
from temporalio.exceptions import ApplicationError

from .client import KuFlowClient
from .model import CompleteTaskRequest, ProcessItemResponse
from .redaction import INVALID_TASK_DATA

LOG = logging.getLogger(__name__)

Validators: TypeAlias = Mapping[str, Mapping[str, Validator]]
"""The validators of system tasks, by workflow type and task code."""

MAX_ERRORS = 10


def validate_task_data(validators: Validators, code: str, data: object, *, is_final: bool = False) -> None:
    """Raises a failure if the data of a task does not match its schema in the process definition.

    The failure names the places, not the values. Temporal repeats the activity, so the process continues when its code
    has been fixed, unless `is_final`.
    """
    # A child workflow has another type than the workflow of the process.
    of_process = validators.get(activity.info().workflow_type or "")
    candidates = validators.values() if of_process is None else [of_process]
    validator = next((tasks[code] for tasks in candidates if code in tasks), None)
    if validator is None:
        return
    # As Temporal sends it: for example, tuples are arrays.
    sent = json.loads(activity.payload_converter().to_payload(data).data)
    # There is an error for each missing property, and each describes all of them.
    errors = list(dict.fromkeys(text for error in validator.iter_errors(sent) for text in _describe(error)))
    if errors:
        raise _invalid_task_data(code, "does not match its schema", errors, is_final)


async def complete_task(
    kuflow: KuFlowClient, validators: Validators, request: CompleteTaskRequest
) -> ProcessItemResponse:
    """Saves the data of a task and completes the task.

    Data that does not match the schema of this project is not saved. If only KuFlow finds the data invalid, its
    definition of the task is different: the task stays open, and Temporal repeats the activity.
    """
    item_id, code, data = request["processItemId"], request["code"], request["data"]
    validate_task_data(validators, code, data, is_final=True)
    if activity.info().attempt > 1:
        # The response to the last attempt may have been lost.
        response = await kuflow.retrieve_process_item({"processItemId": item_id})
        item = response["processItem"]
        if item.get("task", {}).get("state") == "COMPLETED" and item.get("ownerId") == kuflow.application_id:
            return response
    response = await kuflow.update_process_item_task_data({"processItemId": item_id, "data": {"value": data}})
    saved = response["processItem"].get("task", {}).get("data")
    if saved is not None and saved.get("valid") is False:
        errors = [
            f"{error.get('propertyPath') or '/'} {error.get('type') or 'is invalid'}"
            for error in saved.get("errors") or []
        ]
        raise _invalid_task_data(code, "does not match the task's structure in KuFlow", errors, False)
    return await kuflow.complete_process_item_task({"processItemId": item_id})


def load_validators(packages: Iterable[str]) -> Validators:
    """The validators in the `schemas.json` of each of these packages."""
    return {
        workflow_type: {code: _validator(schema) for code, schema in tasks.items()}
        for package in packages
        if (file := files(package) / "schemas.json").is_file()
        for workflow_type, tasks in json.loads(file.read_text("utf-8")).items()
    }


def _validator(schema: Mapping[str, Any]) -> Validator:
    dialect = re.search("2019-09|2020-12", schema.get("$schema", ""))
    base: Any = Draft7Validator
    if dialect is not None:
        base = Draft201909Validator if dialect[0] == "2019-09" else Draft202012Validator
    keywords = ("pattern", "patternProperties", "additionalProperties", "unevaluatedProperties")
    checks = {
        name: _ignoring_unreadable_patterns(base.VALIDATORS[name]) for name in keywords if name in base.VALIDATORS
    }
    # Without a registry, jsonschema would request other schemas from their addresses. Formats are not checked.
    validator: Validator = extend(base, checks)(schema, registry=Registry())  # type: ignore[no-untyped-call]
    return validator


def _ignoring_unreadable_patterns(
    check: Callable[..., Iterator[ValidationError] | None],
) -> Callable[..., Iterator[ValidationError]]:
    """Skips the check of a pattern that is valid in JSON Schema but not in Python, such as one with `\\p{L}`.

    KuFlow checks it when the data is saved.
    """

    def checked(validator: Validator, value: Any, instance: object, schema: object) -> Iterator[ValidationError]:
        try:
            yield from check(validator, value, instance, schema) or ()
        except re.error as error:
            LOG.debug("Skipped a pattern that Python cannot read", extra={"pattern": str(error.pattern)})

    return checked


def _describe(error: ValidationError) -> list[str]:
    """Where an error is, and what does not match. The message of the validator contains the value."""
    place = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in error.absolute_path)
    keyword: object = error.validator
    expected: Any = error.validator_value
    if keyword == "required" and isinstance(error.instance, dict):
        messages = [f"must have required property '{name}'" for name in expected if name not in error.instance]
    elif keyword is None:
        messages = ["must not be set"]
    elif isinstance(expected, dict) or keyword in ("anyOf", "oneOf"):
        messages = [f"must match {keyword}"]
    else:
        messages = [f"must match {keyword} {json.dumps(expected, ensure_ascii=False)}"]
    return [f"{place or '/'} {message}" for message in messages]


def _invalid_task_data(code: str, problem: str, errors: list[str], is_final: bool) -> ApplicationError:
    listed = "; ".join(errors[:MAX_ERRORS]) + ("; …" if len(errors) > MAX_ERRORS else "")
    return ApplicationError(f"The data of {code} {problem}: {listed}", type=INVALID_TASK_DATA, non_retryable=is_final)
