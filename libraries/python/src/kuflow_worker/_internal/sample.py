import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SampleData:
    """Sample data for running a process to completion."""

    #: The codes of its items, in the order of their creation.
    items: list[str]
    #: The data that people enter, by task code.
    answers: dict[str, dict[str, Any]]
    #: The metadata that the process is started with.
    metadata: dict[str, Any]


def read_sample(path: Path) -> SampleData:
    """Reads a sample from a JSON file."""
    return SampleData(**json.loads(path.read_text("utf-8")))
