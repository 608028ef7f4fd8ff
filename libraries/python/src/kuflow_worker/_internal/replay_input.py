"""Replays the histories on standard input, for `kuflow replay`."""

import asyncio
import json
import logging
import os
import re
import struct
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from .declaration import Worker
from .encryption import EncryptionError, EncryptionKeys, request_key
from .logs import describe_error
from .metrics import no_metrics
from .payloads import data_converter
from .redaction import redact
from .replay_histories import ItemsDiffer, replay_histories
from .rest_client import RestClient, create_rest_client
from .settings import Settings, SettingsError

#: Begins each line with a result. Everything else on standard output is ignored.
RESULT = "kuflow-replay "
LENGTH = struct.Struct(">I")


async def replay_input(worker: Worker, load: Callable[[], Settings]) -> int:
    """Replays the histories on standard input, one after the other, and prints a line with the result of each.

    A history is two blocks, each after its length (4 bytes, big-endian): the ID of the process, and a protobuf message
    `temporal.api.history.v1.History`. Nothing else is kept, so that the number of processes does not matter.
    Only confidential processes need the settings.
    """
    logging.disable(logging.CRITICAL)
    output = sys.stdout
    # Workflow code may print data of processes.
    sys.stdout = open(os.devnull, "w")  # noqa: ASYNC230, SIM115
    keys = _Keys(worker, load)
    failures: list[EncryptionError] = []
    converter = data_converter(EncryptionKeys(keys.request), on_failure=failures.append)
    histories = _read_histories(sys.stdin.buffer)
    try:
        async for replayed in replay_histories(histories, worker.workflows, converter, worker.interceptors):
            result = {"id": replayed.process_id, "outcome": "match"}
            if failures:
                result |= {"outcome": "unreadable", "reason": describe_error(failures[0])}
            elif replayed.failure is not None:
                result |= {"outcome": "mismatch", "reason": _describe(replayed.failure, replayed.last_item)}
            failures.clear()
            _print(result, output)
    finally:
        await keys.close()
    return 0


def _print(result: dict[str, str], output: TextIO) -> None:
    output.write(f"{RESULT}{json.dumps(result)}\n")
    output.flush()


@dataclass(eq=False)
class _Keys:
    """The keys of confidential processes. Connects to KuFlow for the first one."""

    worker: Worker
    load: Callable[[], Settings]
    _rest: RestClient | None = None

    async def request(self, key_id: str) -> AESGCM:
        if self._rest is None:
            try:
                self._rest = create_rest_client(self.load(), no_metrics, self.worker.name)
            except SettingsError as error:
                raise ValueError(f"settings are missing or invalid: {error}") from error
        return await request_key(self._rest, key_id)

    async def close(self) -> None:
        if self._rest is not None:
            await self._rest.close()


async def _read_histories(stream: BinaryIO) -> AsyncIterator[WorkflowHistory]:
    while (process_id := await asyncio.to_thread(_read_block, stream)) is not None:
        history = await asyncio.to_thread(_read_block, stream)
        if history is None:
            raise RuntimeError("The histories on standard input are incomplete")
        yield WorkflowHistory(workflow_id=process_id.decode(), events=History.FromString(history).events)


def _read_block(stream: BinaryIO) -> bytes | None:
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    block = stream.read(length)
    return block if len(block) == length else None


# A field of a failure, as Temporal's core writes it.
FIELD = r'\b{}: "((?:[^"\\]|\\.)*)"'
NON_DETERMINISM = re.compile(r"Nondeterminism (?:error: |\(\"?)(.*?)\"?\)?$", re.IGNORECASE | re.DOTALL)
# An event, which may be written with all its data.
EVENT = re.compile(
    r"(?:(?:this )?event:? )?\bHistoryEvent(?:\((?:id: \d+, )?(\w+)\)?| \{.*?\bevent_type: (\w+).*)", re.DOTALL
)
# What differs between processes that have the same problem.
IDS = re.compile(r"\(\d+\)?$|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}", re.IGNORECASE)
FRAME = re.compile(r'File "([^"]+)", line (\d+)')


def _describe(error: Exception, last_item: str | None) -> str:
    """The reason, which is the same for processes that have the same problem, and without data of the process."""
    if isinstance(error, ItemsDiffer):
        return str(error)
    subject = "The workflow code" if last_item is None else f"After {last_item}, the workflow code"
    text = str(error)
    message = _field("message", text) or text
    found = NON_DETERMINISM.search(message)
    if found is not None:
        # Names of activities and commands, but no data.
        difference = EVENT.sub(lambda event: f"the event {event[1] or event[2]}", found[1])
        return f"{subject} does not match the history: {IDS.sub('', difference)}"
    own = [(path, line) for path, line in FRAME.findall(_field("stack_trace", text)) if _is_own(path)]
    place = f" at {os.path.relpath(own[-1][0])}:{own[-1][1]}" if own else ""
    return f"{subject} fails{place}: {IDS.sub('…', redact(message))}"


def _is_own(path: str) -> bool:
    """Whether a file is part of the project, and not of an installed package."""
    file = Path(path)
    return file.is_relative_to(Path.cwd()) and "site-packages" not in file.parts


def _field(name: str, failure: str) -> str:
    found = re.search(FIELD.format(name), failure)
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return "" if found is None else re.sub(r"\\(.)", lambda escape: escapes.get(escape[1], escape[1]), found[1])
