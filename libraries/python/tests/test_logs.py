import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

from temporalio import activity
from temporalio.exceptions import ApplicationError

from kuflow_worker._internal import logs
from kuflow_worker._internal.logs import LogHandler
from kuflow_worker._internal.rest_client import RestError
from kuflow_worker._internal.secret import Secret
from kuflow_worker._internal.workflow.item_context import ItemContext, run_for_item

LOG = logging.getLogger(logs.__name__)
MINUTE = 60
PACKAGE = Path(__file__).parent


class Log:
    """Captures the log of this project."""

    def __init__(self, **options: Any) -> None:
        self.text: list[str] = []
        self.now = 0.0
        defaults: dict[str, Any] = {
            "format": "json",
            "own": ["tests"],
            "write": self.text.append,
            "now": lambda: self.now,
        }
        self.handler = LogHandler(**(defaults | options))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text]

    def pass_minutes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now += MINUTE
            self.handler.report_repeats()


@contextmanager
def logged(level: str = "info", **options: Any) -> Iterator[Log]:
    log = Log(level=level, **options)
    root = logging.getLogger()
    handlers, warnings = root.handlers, root.level
    logs.configure_logs(log.handler, level)
    try:
        yield log
    finally:
        logging.captureWarnings(False)
        root.handlers = handlers
        root.setLevel(warnings)


def core_record(message: str, **fields: str) -> logging.LogRecord:
    """A line of Temporal's core."""
    record = logging.getLogger("temporalio.core").makeRecord(
        "temporalio.core", logging.WARNING, "", 0, message, (), None
    )
    record.temporal_log = SimpleNamespace(fields=fields)
    return record


def raised(code: str, file: str = "activities.py") -> Exception:
    """An exception that was raised by code of this project, which calls a library and its own functions."""
    names: dict[str, Any] = {"call": json.loads}
    try:
        exec(compile(code, str(PACKAGE / file), "exec"), names)
    except Exception as error:
        # The frame of this function is neither of the project nor of a library.
        assert error.__traceback__ is not None
        return error.with_traceback(error.__traceback__.tb_next)
    raise AssertionError


def test_contains_one_json_object_per_line_with_process_and_item() -> None:
    with logged() as log, run_for_item(ItemContext("i", "TASK")):
        LOG.info("Done", extra={"temporal_activity": {"workflow_id": "p", "activity_type": "a"}})
    (line,) = log.lines
    assert {
        "level": "INFO",
        "message": "Done",
        "processId": "p",
        "processItemId": "i",
        "activityType": "a",
    }.items() <= (line.items())


def test_contains_neither_secrets_nor_form_data() -> None:
    error = ApplicationError("failed", {"NAME": "canary"})
    with logged() as log:
        LOG.error(
            "Failed", exc_info=error, extra={"values": ["canary"], "value": {"a": "canary"}, "reason": Secret("canary")}
        )
    assert "canary" not in "".join(log.text)
    assert [line["error"] for line in log.lines] == ["failed"]


def test_contains_extra_fields_except_those_named_like_secrets_or_form_data_and_objects() -> None:
    fields = {"orderId": 7, "documentId": "d", "isRetry": True, "durationMs": 5.5}
    secrets = ["taskToken", "apiKey", "API_KEY", "client-secret", "dbPassword2"]
    form_data = ["value", "formData", "errorDetails", "input"]
    hidden = dict.fromkeys([*secrets, *form_data], "canary")
    with logged() as log:
        LOG.info("Order", extra={**fields, **hidden, "customer": {"name": "canary"}, "time": "x", "level": "x"})
    (line,) = log.lines
    assert line.pop("time").startswith("20")
    assert line == {"level": "INFO", "logger": LOG.name, "message": "Order", **fields}


def test_contains_none_of_the_structures_that_the_core_logs() -> None:
    with logged() as log:
        logging.getLogger().handle(
            core_record(
                "Failing workflow task", run_id="r", completion='Completion { "canary" }', error='E { "canary" }'
            )
        )
    assert log.lines[0]["runId"] == "r"
    assert "canary" not in log.text[0]


def test_names_the_process_in_lines_with_the_run_of_a_workflow_only() -> None:
    logs.remember_run("r", "p", "T")
    with logged() as log:
        logging.getLogger().handle(core_record("Failing workflow task", run_id="r"))
    assert {"processId": "p", "workflowType": "T"}.items() <= log.lines[0].items()


def test_escapes_control_characters_in_messages_from_a_server() -> None:
    with logged() as log:
        LOG.error("Failed", exc_info=Exception("a\u001b[31m\u009b2J\u202eb\nc"))
    assert r"a\\u{1b}[31m\\u{9b}2J\\u{202e}b\nc" in log.text[0]


def test_contains_lines_of_libraries_only_from_level_info() -> None:
    with logged("trace") as log:
        logging.getLogger("temporalio.worker").debug("canary")
        logging.getLogger("httpx").info("canary")
        logging.getLogger("library").info("kept")
        activity.logger.debug("kept")
        LOG.log(logs.TRACE, "kept")
    assert [(line["level"], line["message"]) for line in log.lines] == [
        ("INFO", "kept"),
        ("DEBUG", "kept"),
        ("TRACE", "kept"),
    ]


def test_explains_a_nondeterminism_error_and_how_to_fix_it() -> None:
    with logged() as log:
        failure = 'Failure { message: "[TMPRL1100] Activity ID does not match", source: "canary" }'
        logging.getLogger().handle(core_record("Failing workflow task", failure=failure))
    assert [line["error"] for line in log.lines] == ["NondeterminismError: [TMPRL1100] Activity ID does not match"] * 2
    assert "patched()" in log.lines[1]["hint"]


def test_does_not_stop_the_worker_when_the_pipe_is_closed() -> None:
    def closed(_: str) -> NoReturn:
        raise BrokenPipeError

    with logged(write=closed):
        LOG.info("Lost")


CODE = """\
def find():
    call("{")
try:
    find()
except ValueError as error:
    raise RuntimeError("failed") from error
"""


def test_the_stack_of_an_error_is_complete_in_development() -> None:
    with logged(format="pretty") as log:
        LOG.warning("Activity failed", exc_info=raised(CODE))
    lines = log.text[0].splitlines()
    file = PACKAGE / "activities.py"
    assert lines[1:5] == [
        f'  File "{file}", line 6, in <module>',
        lines[2],
        f'  File "{file}", line 4, in <module>',
        f'  File "{file}", line 2, in find',
    ]
    assert lines[2].startswith("  caused by JSONDecodeError: ")
    assert lines[5].endswith("in loads")


def test_the_stack_of_an_error_does_not_show_how_modules_are_imported() -> None:
    code = "from importlib import import_module\nimport_module('missing_library')"
    with logged() as log:
        LOG.warning("Activity failed", exc_info=raised(code))
    _, frame = log.lines[0]["stack"].splitlines()
    assert frame.endswith("in import_module")


def test_the_stack_of_an_error_has_only_frames_of_this_project_in_production() -> None:
    with logged(frames="own") as log:
        LOG.warning("Activity failed", exc_info=raised(CODE))
    (line,) = log.lines
    assert line["error"].startswith("failed <- JSONDecodeError: ")
    assert [frame for frame in line["stack"].splitlines() if "caused by" not in frame] == [
        f'  File "{PACKAGE / "activities.py"}", line {number}, in {name}'
        for number, name in [(6, "<module>"), (4, "<module>"), (2, "find")]
    ]


def short(log: Log) -> list[tuple[str, str | None, bool]]:
    return [(line["message"], line.get("processId"), "stack" in line) for line in log.lines]


def fail(process_id: str, reason: str = "connection to port 1 refused") -> None:
    extra = {"temporal_activity": {"workflow_id": process_id, "activity_type": "run"}}
    LOG.warning("Activity failed", exc_info=raised(f"raise RuntimeError({reason!r})"), extra=extra)


def test_a_repeated_failure_is_logged_in_full_once_once_for_each_other_process_and_then_counted_per_minute() -> None:
    with logged() as log:
        for _ in range(3):
            fail("p1")
        fail("p2", "connection to port 2 refused")
        fail("p2")
        log.pass_minutes(2)
        fail("p1")
        log.pass_minutes(1)
    assert short(log) == [
        ("Activity failed", "p1", True),
        ("Activity failed", "p2", False),
        ("Activity failed (again, 3 times in the last minute)", "p2", False),
        ("Activity failed (again, 1 time in the last minute)", "p1", False),
    ]


def test_a_failure_has_its_stack_once_even_if_the_sdk_logs_it_twice() -> None:
    error = raised("raise TypeError('no id')")
    with logged() as log:
        LOG.warning("Workflow failed", exc_info=error, extra={"temporal_workflow": {"workflow_id": "p"}})
        LOG.error("Failed handling activation", exc_info=error)
    assert short(log) == [("Workflow failed", "p", True), ("Failed handling activation", None, False)]


def test_a_failure_is_logged_in_full_again_with_another_reason_or_after_10_minutes_without_it() -> None:
    with logged() as log:
        fail("p1")
        fail("p1", "out of memory")
        log.pass_minutes(11)
        fail("p1")
    assert short(log) == [("Activity failed", "p1", True)] * 3


def test_only_the_latest_thousand_failures_are_remembered() -> None:
    with logged() as log:
        fail("p1")
        fail("p1")
        for index in range(1_000):
            LOG.error("".join(chr(97 + digit) for digit in divmod(index, 26)), extra={"error": "x"})
        fail("p1")
    assert [line for line in short(log) if line[1] == "p1"] == [
        ("Activity failed", "p1", True),
        ("Activity failed (again, 1 time in the last minute)", "p1", False),
        ("Activity failed", "p1", True),
    ]


def test_an_outage_of_10_minutes_leaves_fewer_than_100_lines() -> None:
    calls: list[Callable[[int], str]] = [
        lambda second: f"gRPC call poll_workflow_task_queue retried {second} times",
        lambda second: f"gRPC call poll_activity_task_queue retried {second} times",
    ]
    with logged() as log:
        for second in range(600):
            for call in calls:
                logging.getLogger().handle(core_record(call(second), error='Status { message: "tcp connect error" }'))
            if second % 60 == 59:
                log.pass_minutes(1)
    assert 10 <= len(log.lines) <= 30


def test_messages_of_exceptions_in_activities_are_logged_without_values() -> None:
    with logged() as log:
        try:
            try:
                raise ValueError("https://policies.example/policy/DE-4711-9923?name=Ada: 404")
            except ValueError as error:
                raise RuntimeError("No policy for 'Ada Lovelace', 1815-12-10") from error
        except RuntimeError:
            logging.getLogger("temporalio.activity").warning("Completing activity as failed", exc_info=True)
    [line] = log.lines
    assert line["error"] == "No policy for …, … <- ValueError: https://policies.example 404"
    assert not any(value in json.dumps(line) for value in ("Ada", "4711", "1815"))


def test_errors_of_kuflow_keep_their_messages_in_activities() -> None:
    with logged() as log:
        error = RestError("GET https://kuflow.example/processes/1234567: 404", operation="retrieveProcess", status=404)
        logging.getLogger("temporalio.activity").error("KuFlow rejected a call", exc_info=error)
    assert [line["error"] for line in log.lines] == ["GET https://kuflow.example/processes/1234567: 404"]
