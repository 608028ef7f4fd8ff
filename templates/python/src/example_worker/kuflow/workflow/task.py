"""The tasks of a process. The code of a task is its process item definition code in KuFlow."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Data = TypeVar("Data")


@dataclass(frozen=True)
class HumanTask(Generic[Data]):
    """A task that a person completes. `Data` is the type of its data."""

    code: str


@dataclass(frozen=True)
class SystemTask(Generic[Data]):
    """A task that the application completes. `Data` is the type of its data."""

    code: str


@dataclass(frozen=True)
class MessageTask:
    code: str


@dataclass(frozen=True)
class ThreadTask:
    code: str
