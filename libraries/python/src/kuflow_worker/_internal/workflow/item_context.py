"""The item that a part of the code works on: its activities and log lines carry the item's ID."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from temporalio.api.common.v1 import Payload
from temporalio.converter import DataConverter

#: The header in which an activity gets the item that it works on.
ITEM_HEADER = "kuflow-item"


@dataclass(frozen=True)
class ItemContext:
    process_item_id: str
    #: The code of its process item definition.
    code: str
    #: Set for system tasks: whether the result of an activity is the data of the task, and must be valid.
    validates: bool | None = None


_current: ContextVar[ItemContext | None] = ContextVar("kuflow_item", default=None)


@contextmanager
def run_for_item(item: ItemContext | None) -> Iterator[None]:
    token = _current.set(item)
    try:
        yield
    finally:
        _current.reset(token)


def set_current_item(item: ItemContext | None) -> None:
    """Sets the item until the current task of asyncio ends."""
    _current.set(item)


def current_item() -> ItemContext | None:
    return _current.get()


def with_item(headers: Mapping[str, Payload]) -> Mapping[str, Payload]:
    """Adds the current item to the headers of an activity."""
    item = current_item()
    if item is None:
        return headers
    return {**headers, ITEM_HEADER: DataConverter.default.payload_converter.to_payload(item)}


def item_of(headers: Mapping[str, Payload]) -> ItemContext | None:
    """Returns the item that a workflow runs an activity for."""
    payload = headers.get(ITEM_HEADER)
    if payload is None:
        return None
    item: ItemContext = DataConverter.default.payload_converter.from_payload(payload, ItemContext)
    return item
