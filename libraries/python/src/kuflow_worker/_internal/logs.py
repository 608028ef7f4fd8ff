"""The log of this worker and of Temporal's SDK."""

import asyncio
import json
import logging
import math
import re
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Literal

from temporalio import activity, workflow

from .log_repeats import LogRepeats, without_ids
from .redaction import WITHOUT_VALUES, redact
from .settings import LogFormat
from .workflow.item_context import current_item

Frames = Literal["all", "own"]
Folders = frozenset[Path]
LogLine = dict[str, str | int | float | bool]

TRACE = 5
LEVELS = {"trace": TRACE, "debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}

LIBRARY = __name__.partition(".")[0]
# Temporal's code of this error, and its message.
NON_DETERMINISM = re.compile(r'\[TMPRL1100\][^"\\]*')
NON_DETERMINISM_HINT = (
    "The workflow code no longer matches the history of a running process. "
    "In development, undo the change, or cancel the process and start another one. "
    'In production, keep the old path behind patched(); see "Change a running workflow" in README.md.'
)
MAX_RUNS = 2_000
MAX_FRAMES = 50


def configure_logs(handler: logging.Handler, level: str, packages: Sequence[str] = ()) -> None:
    """Sends the lines of these packages, of Temporal's SDK and of other libraries to a handler."""
    number = LEVELS[level]
    # Below this level, libraries may log whole requests and structures, which contain form data.
    logging.getLogger().setLevel(max(number, logging.INFO))
    for name in (LIBRARY, *packages, activity.logger.name, workflow.logger.name):
        logging.getLogger(name).setLevel(number)
    # httpx logs each call at level INFO.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    # The handler adds these details as fields.
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False
    logging.captureWarnings(True)
    logging.getLogger().handlers = [handler]


async def report_repeats(handler: "LogHandler") -> None:
    """Logs once per minute how often failures happened again, until it is canceled."""
    while True:
        await asyncio.sleep(60)
        handler.report_repeats()


# The latest run is at the end.
_runs: dict[str, LogLine] = {}
_runs_lock = threading.Lock()


def remember_run(run_id: str, process_id: str, workflow_type: str) -> None:
    """Lets lines of Temporal's core, which name only the run of a workflow, name its process as well."""
    with _runs_lock:
        _runs.pop(run_id, None)
        _runs[run_id] = {"processId": process_id, "workflowType": workflow_type}
        if len(_runs) > MAX_RUNS:
            del _runs[next(iter(_runs))]


def _add_process(line: LogLine) -> None:
    if "processId" not in line:
        line.update(_runs.get(str(line.get("runId")), {}))


class LogHandler(logging.Handler):
    """Writes a line for each record. Logs a failure in full once, and then how often it happens again."""

    def __init__(
        self,
        *,
        level: str = "info",
        format: LogFormat,
        frames: Frames = "all",
        own: Sequence[str] = (),
        write: Callable[[str], object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(LEVELS[level])
        self._format = format
        self._frames = frames
        # Without those of this library, an error in it would have no frames.
        self._own = _folders_of([LIBRARY, *own])
        self._write = write
        self._repeats: LogRepeats[LogLine] = LogRepeats(self._print_again, now)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log(record)
        except Exception:
            self.handleError(record)

    def report_repeats(self) -> None:
        """Logs how often failures happened again. Call it once per minute."""
        self.acquire()
        try:
            self._repeats.report_all()
        finally:
            self.release()

    def _log(self, record: logging.LogRecord) -> None:
        line, error = _to_line(record)
        _add_process(line)
        hides_values = record.name == ACTIVITY_LOGGER
        if error is not None:
            line["error"] = describe_error(error, hides_values=hides_values)
        # The core repeats its lines while the engine does not answer.
        if record.levelno >= logging.WARNING and (error is not None or record.name == CORE_LOGGER):
            own = None if self._frames == "all" else self._own
            frames, causes = _describe_stack(error, own, hides_values=hides_values)
            place = frames[-1] if frames else ""
            names = [line.get(name, "") for name in ("message", "workflowType", "activityType", "operation", "error")]
            failure = without_ids(" ".join(map(str, names)))
            if self._repeats.is_repeated(f"{failure} {place}", str(line.get("processId", "")), line):
                return
            # The SDK logs some errors twice, once without their names. Another process has the same stack.
            unnamed = without_ids(re.sub(r"^\w+: ", "", str(line.get("error"))))
            if (frames or causes) and self._repeats.is_new(f"{unnamed} {place}"):
                line["stack"] = escape_controls("\n".join([*frames, *causes]))
        self._print(line)
        if isinstance(error, workflow.NondeterminismError):
            self._print(line | {"level": "ERROR", "message": "Non-determinism error", "hint": NON_DETERMINISM_HINT})

    def _print(self, line: LogLine) -> None:
        text = json.dumps(line, ensure_ascii=False) if self._format == "json" else _format_pretty(line)
        # A closed terminal or pipe must not stop the worker while it has work in progress.
        with suppress(OSError, ValueError):
            self._write(text)

    def _print_again(self, last: LogLine, times: int) -> None:
        message = f"{last['message']} (again, {times} {'time' if times == 1 else 'times'} in the last minute)"
        self._print(last | {"time": format_time(time.time()), "message": message, "times": times})


# The attributes of every record, which are part of the line or are logged in another form.
STANDARD_FIELDS = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
RESERVED_FIELDS = {"time", "level", "logger", "message", "stack", "error", "failure"}
# Temporal's SDK adds these objects to its own lines and to those of workflow and activity code.
CONTEXTS = ("temporal_workflow", "temporal_activity")
# Temporal's core logs whole structures, which may contain form data. Only these of its fields are logged. The SDK logs
# the errors of workflows, and the engine watch why the engine does not answer.
CORE_FIELDS = ("runId", "workflowType", "activityType", "activityId", "attempt")

# Words in the names of fields that may contain form data, such as the arguments of an activity.
FORM_DATA = re.compile(
    "args?|arguments?|inputs?|outputs?|results?|values?|data|details?|payloads?|body|content|forms?|answers?|metadata|memo"
    "|headers?|entity|entities"
)
# Endings of words in the names of fields that may contain a secret.
SECRET = re.compile(
    r"(?:tokens?|secrets?|passwords?|passwd|pwd|passphrase|credentials?|keys?|pem|auth|authorization|cookies?|signature)\d*$"
)


def _is_private(field: str) -> bool:
    """Whether a field may contain a secret or form data, by the words of its name."""
    words = re.split(r"[\W_]+", re.sub(r"([a-z\d])([A-Z])", r"\1 \2", field).lower())
    return any(FORM_DATA.fullmatch(word) or SECRET.search(word) for word in words)


def _to_line(record: logging.LogRecord) -> tuple[LogLine, object]:
    """The line for a record, and its error."""
    line: LogLine = {
        "time": format_time(record.created),
        "level": _to_level(record.levelno),
        "logger": record.name,
        "message": escape_controls(record.getMessage()),
    }
    fields = {name: value for name, value in vars(record).items() if name not in STANDARD_FIELDS}
    core = fields.get("temporal_log")
    if core is not None:
        logged = {_to_camel_case(name): value for name, value in core.fields.items()}
        found = NON_DETERMINISM.search(str(logged.get("failure") or logged.get("error")))
        error: object = found and workflow.NondeterminismError(found[0])
        fields = {name: value for name, value in logged.items() if name in CORE_FIELDS}
    else:
        error = (record.exc_info or (None, None))[1] or fields.get("error")
        for context in CONTEXTS:
            fields.update({_to_camel_case(name): value for name, value in fields.pop(context, {}).items()})
    item = current_item()
    if item is not None:
        fields.setdefault("processItemId", item.process_item_id)
    if "runId" in fields:
        # The attempt of the workflow, which is always 1.
        fields.pop("attempt", None)
    # KuFlow uses the id of the process as the workflow ID.
    process_id = fields.pop("workflowId", None) or getattr(error, "process_id", None)
    if process_id is not None:
        line["processId"] = process_id
    for name, value in fields.items():
        if name in RESERVED_FIELDS or name.startswith("__") or _is_private(name):
            continue
        if isinstance(value, str):
            line[name] = escape_controls(value)
        elif isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
            # Objects may contain anything.
            line[name] = value
    return line, error


def format_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_level(number: int) -> str:
    name = next((name for name, level in reversed(LEVELS.items()) if number >= level), "trace")
    return name.upper()


def _to_camel_case(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


ACTIVITY_LOGGER = "temporalio.activity"
CORE_LOGGER = "temporalio.core"
# Enough for a reader. Longer messages contain data.
LONGEST_MESSAGE = 3_000

# Exceptions of this library, whose messages do not contain form data.
OWN_ERRORS = ("RestError", "EncryptionError")
# Exceptions whose names add nothing to their messages.
PLAIN_ERRORS = ("Exception", "RuntimeError", "SettingsError", "TimeoutError", "ApplicationError", *OWN_ERRORS)


def _with_causes(error: object) -> Iterator[object]:
    """An error and its causes, at most five."""
    for _ in range(5):
        if error is None:
            return
        yield error
        error = _cause_of(error)


def _cause_of(error: object) -> BaseException | None:
    if not isinstance(error, BaseException):
        return None
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions[0]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    # The error of Temporal's core repeats that of the SDK, and a cancellation adds nothing.
    if isinstance(cause, asyncio.CancelledError) or type(cause).__module__ == "temporal_sdk_bridge":
        return None
    return cause


def _message_of(error: object, *, hides_values: bool = False) -> str:
    """Name and message of one error. Leaves out the details, which may contain form data."""
    if not isinstance(error, BaseException):
        return str(error)
    name, text = type(error).__name__, str(error)
    if hides_values and getattr(error, "type", None) not in WITHOUT_VALUES:
        text = redact(text[:LONGEST_MESSAGE])
    if text == "":
        return name
    return text if name in PLAIN_ERRORS else f"{name}: {text}"


def describe_error(error: object, *, hides_values: bool = False) -> str:
    """Names and messages of an error and its causes. Leaves out the details, which may contain form data.

    `hides_values`: the messages come from activities, so they may contain form data too.
    """
    parts: list[str] = []
    for at, part in _messages_of(error, hides_values):
        text = part if hides_values else str(at)
        if not any(other.endswith(text or part) for other in parts):
            parts.append(part)
    return escape_controls(" <- ".join(parts))


def _messages_of(error: object, hides_values: bool) -> Iterator[tuple[object, str]]:
    for at in _with_causes(error):
        hides_values = hides_values and type(at).__name__ not in OWN_ERRORS
        yield at, _message_of(at, hides_values=hides_values)


def _describe_stack(error: object, own: Folders | None, *, hides_values: bool) -> tuple[list[str], list[str]]:
    """The frames of an error, the innermost last, and those of its causes, without their messages.

    `own`: only the frames of code in these folders.
    """
    frames: list[str] = []
    causes: list[str] = []
    for at, message in _messages_of(error, hides_values):
        lines = _frames_of(at, own)
        if at is error:
            frames = lines
        elif lines:
            causes += [f"  caused by {message.splitlines()[0]}", *lines]
    return frames, causes


def _frames_of(error: object, own: Folders | None) -> list[str]:
    stack = traceback.walk_tb(error.__traceback__) if isinstance(error, BaseException) else []
    kept = [
        f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}'
        for frame, line in stack
        if not _imports(frame.f_code.co_filename)
        and (own is None or not own.isdisjoint(Path(frame.f_code.co_filename).parents))
    ]
    return kept[-MAX_FRAMES:]


def _imports(file: str) -> bool:
    """Whether a frame only imports a module. Each import in workflow code has eight of them."""
    return file.startswith("<frozen importlib") or Path(file).name == "_importer.py"


def _folders_of(packages: Sequence[str]) -> Folders:
    """The folders with the code of these packages."""
    return frozenset(Path(folder) for package in packages for folder in getattr(import_module(package), "__path__", []))


# Characters that affect a terminal: controls other than line feeds, direction marks, invisible characters.
TERMINAL_CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)


def escape_controls(text: str) -> str:
    """Makes a message of a server safe for a terminal."""
    return TERMINAL_CONTROLS.sub(lambda character: f"\\u{{{ord(character[0]):x}}}", text)


# Fields that are the same in most lines of a terminal.
NOT_PRETTY = {"logger", "namespace", "taskQueue", "workflowRunId", "runId", "times"}


def _format_pretty(line: LogLine) -> str:
    hidden = {"time", "level", "message", "stack"} | NOT_PRETTY
    fields = [f"{name}={value}" for name, value in line.items() if name not in hidden]
    text = " ".join([str(line["time"])[11:19], str(line["level"]).ljust(5), str(line["message"]), *fields])
    return f"{text}\n{line['stack']}" if "stack" in line else text
