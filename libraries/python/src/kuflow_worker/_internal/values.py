"""Values in KuFlow's data that refer to something else: strings with percent-encoded fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NewType, cast
from urllib.parse import quote, unquote

KuFlowFile = NewType("KuFlowFile", str)
"""A document, represented in KuFlow's data by a value in the `kuflow-file` format."""
KuFlowPrincipal = NewType("KuFlowPrincipal", str)
"""A user or application, represented in KuFlow's data by a value in the `kuflow-principal` format."""
KuFlowGroup = NewType("KuFlowGroup", str)
"""A group of users, represented in KuFlow's data by a value in the `kuflow-group` format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFields:
    """The fields of a document."""

    uri: str
    """`ku:process/…/document/…`"""
    type: str
    """Media type."""
    size: int
    """In bytes."""
    name: str

    @classmethod
    def parse(cls, value: str) -> "FileFields":
        """Raises ValueError if a field is missing."""
        fields = _parse("kuflow-file", ["uri", "type", "size", "name"], value)
        if not (fields["size"].isascii() and fields["size"].isdecimal()):
            raise ValueError("Not a kuflow-file value: its size is not a number")
        return cls(uri=fields["uri"], type=fields["type"], size=int(fields["size"]), name=fields["name"])

    def format(self) -> KuFlowFile:
        return KuFlowFile(_format("kuflow-file", uri=self.uri, type=self.type, size=str(self.size), name=self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalFields:
    """The fields of a user or application."""

    id: str
    type: Literal["USER", "APPLICATION", "SYSTEM"]
    name: str

    @classmethod
    def parse(cls, value: str) -> "PrincipalFields":
        """Raises ValueError if the ID or type is missing."""
        fields = _parse("kuflow-principal", ["id", "type"], value)
        kind = cast(Literal["USER", "APPLICATION", "SYSTEM"], fields["type"])
        return cls(id=fields["id"], type=kind, name=fields["name"])

    def format(self) -> KuFlowPrincipal:
        return KuFlowPrincipal(_format("kuflow-principal", id=self.id, type=self.type, name=self.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFields:
    """The fields of a group."""

    id: str
    type: str
    name: str

    @classmethod
    def parse(cls, value: str) -> "GroupFields":
        """Raises ValueError if the ID or type is missing."""
        fields = _parse("kuflow-group", ["id", "type"], value)
        return cls(id=fields["id"], type=fields["type"], name=fields["name"])

    def format(self) -> KuFlowGroup:
        return KuFlowGroup(_format("kuflow-group", id=self.id, type=self.type, name=self.name))


def _parse(kind: str, required: Sequence[str], value: str) -> dict[str, str]:
    prefix, _, text = value.partition(":")
    if prefix != kind:
        raise ValueError(f"Not a {kind} value")
    fields = {"name": ""}
    for pair in text.split(";"):
        field, equals, encoded = pair.partition("=")
        if equals:
            fields[field.strip().lower()] = unquote(encoded)
    missing = next((field for field in required if not fields.get(field)), None)
    if missing is not None:
        raise ValueError(f"Not a {kind} value: it has no {missing}")
    return fields


def _format(kind: str, **fields: str) -> str:
    # KuFlow's libraries split at every `;` and `=`, and expect `:` and `/` as they are.
    safe = ":/!~*'()"
    return f"{kind}:" + "".join(f"{name}={quote(text, safe)};" for name, text in fields.items())
