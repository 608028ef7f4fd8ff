"""Values in KuFlow's data that refer to something else: strings with percent-encoded fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NewType, cast
from urllib.parse import quote, unquote

KuFlowFile = NewType("KuFlowFile", str)
"""A document: a value of the format `kuflow-file`."""
KuFlowPrincipal = NewType("KuFlowPrincipal", str)
"""A user or application: a value of the format `kuflow-principal`."""
KuFlowGroup = NewType("KuFlowGroup", str)
"""A group of users: a value of the format `kuflow-group`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFields:
    uri: str
    """`ku:process/…/document/…`"""
    type: str
    """Media type."""
    size: int
    """In bytes."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalFields:
    id: str
    type: Literal["USER", "APPLICATION", "SYSTEM"]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFields:
    id: str
    type: str
    name: str


def parse_file(value: str) -> FileFields:
    """The fields of a document. Raises ValueError if one is missing."""
    fields = _parse("kuflow-file", ["uri", "type", "size", "name"], value)
    if not (fields["size"].isascii() and fields["size"].isdecimal()):
        raise ValueError("Not a kuflow-file value: its size is not a number")
    return FileFields(uri=fields["uri"], type=fields["type"], size=int(fields["size"]), name=fields["name"])


def parse_principal(value: str) -> PrincipalFields:
    """The fields of a user or application. Raises ValueError if the ID or type is missing."""
    fields = _parse("kuflow-principal", ["id", "type"], value)
    kind = cast(Literal["USER", "APPLICATION", "SYSTEM"], fields["type"])
    return PrincipalFields(id=fields["id"], type=kind, name=fields["name"])


def parse_group(value: str) -> GroupFields:
    """The fields of a group. Raises ValueError if the ID or type is missing."""
    fields = _parse("kuflow-group", ["id", "type"], value)
    return GroupFields(id=fields["id"], type=fields["type"], name=fields["name"])


def format_file(fields: FileFields) -> KuFlowFile:
    return KuFlowFile(_format("kuflow-file", uri=fields.uri, type=fields.type, size=str(fields.size), name=fields.name))


def format_principal(fields: PrincipalFields) -> KuFlowPrincipal:
    return KuFlowPrincipal(_format("kuflow-principal", id=fields.id, type=fields.type, name=fields.name))


def format_group(fields: GroupFields) -> KuFlowGroup:
    return KuFlowGroup(_format("kuflow-group", id=fields.id, type=fields.type, name=fields.name))


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
