"""The tasks and actions of a process. The code of a task is its process item definition code in KuFlow."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from typing_extensions import TypeVar as TypeVarWithDefault

from ..model import JsonObject

Data = TypeVar("Data")
MessageData = TypeVarWithDefault("MessageData", default=Any)
Context = TypeVarWithDefault("Context", default=JsonObject)
Input = TypeVarWithDefault("Input", default=None)


@dataclass(frozen=True)
class HumanTask(Generic[Data, Context]):
    """A task that a person completes. `Data` is the type of its data, and `Context` is the type of its context data."""

    code: str


@dataclass(frozen=True)
class SystemTask(Generic[Data, Context]):
    """A task that the worker completes itself. `Data` is the type of its data, and `Context` is the type of its context
    data.
    """

    code: str


@dataclass(frozen=True)
class MessageTask(Generic[MessageData]):
    """A message. `MessageData` is the type of its data."""

    code: str


@dataclass(frozen=True)
class ThreadTask:
    """A thread in which people and the worker post messages."""

    code: str


@dataclass(frozen=True)
class SignalAction(Generic[Input]):
    """A user action that sends a signal to the workflow. `Input` is the type of the data that people enter, if any."""

    code: str
    signal: str
