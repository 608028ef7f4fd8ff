import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

ProblemCode = Literal[
    "missing",
    "invalid",
    "placeholder",
    "unreadable",
    "conflict",
    "mixed-credentials",
    "endpoint-mismatch",
]
Environment = Mapping[str, str]
Model = TypeVar("Model", bound=BaseModel)

# In ascending order of precedence.
FILES = ("application.yaml", "application-local.yaml")

# Some settings have another name in KuFlow's own samples, which files may use too.
ALIASES = {
    "kuflow.api.tenant-id": "temporal.tenant-id",
    "worker.installation-id": "temporal.installation-id",
    "worker.robot-ids": "temporal.robot-ids",
}

# Characters without width, marks of direction and byte order marks. They come with copied text; PEM may start with one.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")


@dataclass(frozen=True, slots=True)
class SettingsProblem:
    """One problem with the settings. Never contains the value of a secret."""

    key: str
    code: ProblemCode
    source: str
    """Where the value is set (`application.yaml`, an environment variable), or where it can be set."""
    expected: str

    def __str__(self) -> str:
        verb = "missing" if self.code == "missing" else "expected"
        return f"{self.key} ({self.source}): {verb} {self.expected}"


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A value as written, and where it comes from. A file can have lists and mappings, too."""

    raw: Any
    source: str

    @property
    def text(self) -> str:
        """Without spaces and line breaks around it. Empty if it is not a single value."""
        return self.raw.strip() if isinstance(self.raw, str) else ""


def variable_of(key: str) -> str:
    """The environment variable of a setting, such as TEMPORAL_MUTUALTLS_CERT for `temporal.mutual-tls.cert`."""
    return key.upper().replace("-", "").replace(".", "_")


class SettingsReader:
    """Reads settings from the environment and the application files, and collects the problems with them."""

    def __init__(self, directory: Path, environment: Environment) -> None:
        self._directory = directory
        self._environment = environment
        self._problems: dict[str, SettingsProblem] = {}
        self._files = {name: self._parse(name) for name in FILES}

    @property
    def problems(self) -> tuple[SettingsProblem, ...]:
        return tuple(self._problems.values())

    def problem(self, key: str, code: ProblemCode, source: str, expected: str) -> None:
        # One problem per key is enough.
        self._problems.setdefault(key, SettingsProblem(key, code, source, expected))

    def missing(self, key: str, expected: str, code: ProblemCode = "missing") -> None:
        self.problem(key, code, f"{', '.join(FILES)} or {variable_of(key)}", expected)

    def from_environment(self, variable: str) -> SettingValue | None:
        return _to_value(self._environment.get(variable), variable)

    def from_files(self, key: str) -> SettingValue | None:
        found: SettingValue | None = None
        for name, content in self._files.items():
            for path in (ALIASES.get(key, key), key):
                value = content
                for part in path.split("."):
                    value = value.get(part) if isinstance(value, dict) else None
                found = _to_value(value, name) or found
        return found

    def find(self, key: str) -> SettingValue | None:
        in_files = self.from_files(key)
        return self.usable(key, self.from_environment(variable_of(key)) or in_files)

    def usable(self, key: str, found: SettingValue | None) -> SettingValue | None:
        """Reports KuFlow's placeholder, quotes around a value and invisible characters, and returns None for them."""
        if found is None:
            return None
        if "FILL_ME" in found.text:
            self.problem(key, "placeholder", found.source, "a value instead of FILL_ME")
        elif re.fullmatch(r"([\"']).*\1", found.text, re.DOTALL):
            self.problem(key, "invalid", found.source, "a value without quotes around it")
        elif INVISIBLE.search(str(found.raw)) and not key.endswith("-data"):
            self.problem(key, "invalid", found.source, "a value without invisible characters; type it again")
        else:
            return found
        return None

    def read(self, section: str, model: type[Model], **given: object) -> Model | None:
        """Reads the fields of a model, below a key. `given` are values that are not found by their keys.

        Returns None if one of them is missing or invalid.
        """
        found: dict[str, tuple[str | None, SettingValue | None]] = {}
        values = self._find_fields(section, model, given, found)
        try:
            return model.model_validate(values, by_name=True)
        except ValidationError as invalid:
            # Without the values, which may be secrets.
            for error in invalid.errors(include_url=False, include_context=False, include_input=False):
                key = section
                for part in error["loc"]:
                    # What follows is the place in a value.
                    if f"{key}.{_to_key(part)}" not in found:
                        break
                    key = f"{key}.{_to_key(part)}"
                expected, value = found.get(key, (None, None))
                if value is None:
                    self.missing(key, expected or "a value")
                else:
                    self.problem(key, "invalid", value.source, expected or f"a valid value: {error['msg']}")
            return None

    def _find_fields(
        self,
        section: str,
        model: type[BaseModel],
        given: Mapping[str, object],
        found: dict[str, tuple[str | None, SettingValue | None]],
    ) -> dict[str, object]:
        values: dict[str, object] = {}
        for name, field in model.model_fields.items():
            key = f"{section}.{_to_key(name)}"
            found[key] = (field.description, None)
            inner = _model_in(field.annotation)
            if inner is not None:
                fields = self._find_fields(key, inner, {}, found)
                if fields or field.is_required():
                    values[name] = fields
                continue
            value = given[name] if name in given else self.find(key)
            if isinstance(value, SettingValue):
                usable = self.usable(key, value)
                found[key] = (field.description, usable)
                if usable is not None:
                    values[name] = usable.text or usable.raw
            elif name in given:
                values[name] = value
        return values

    def read_file(self, key: str, found: SettingValue) -> str | None:
        try:
            return (self._directory / found.text).read_bytes().decode("utf-8", errors="replace")
        except (OSError, ValueError) as error:
            self.problem(key, "unreadable", found.source, f"a readable file: {_code_of(error) or 'unknown error'}")
            return None

    def _parse(self, file: str) -> object:
        try:
            # Keeps every scalar as written: a secret of digits must not lose its leading zeros.
            content: object = yaml.load((self._directory / file).read_bytes(), Loader=_UniqueKeyLoader) or {}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            # Only the position: the message of a YAML error quotes the file, which may contain the secret.
            mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
            position = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
            reason = _code_of(error) or f"not valid YAML{position}"
            self.problem(file, "unreadable", file, f"a readable YAML file: {reason}")
            return None
        if isinstance(content, dict):
            return content
        self.problem(file, "unreadable", file, "a YAML file with key-value pairs")
        return None


class _UniqueKeyLoader(yaml.SafeLoader):
    """Resolves merge keys (`<<`) but no types, and rejects a repeated key. PyYAML itself uses its last value."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {
        "<": [("tag:yaml.org,2002:merge", re.compile("^<<$"))]
    }

    def compose_mapping_node(self, anchor: dict[Any, yaml.Node]) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        keys: set[object] = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else key_node
            if key in keys:
                raise yaml.composer.ComposerError(None, None, "repeated key", key_node.start_mark)
            keys.add(key)
        return node


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model of a section, such as `Section` or `Section | None`."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((one for one in members if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _to_key(name: object) -> str:
    return str(name).replace("_", "-")


def _to_value(raw: object, source: str) -> SettingValue | None:
    """None for an empty text, which counts as not set."""
    is_empty = raw is None or (isinstance(raw, str) and not raw.strip())
    return None if is_empty else SettingValue(raw, source)


def _code_of(error: Exception) -> str | None:
    """The code of a system error, such as ENOENT."""
    return errno.errorcode.get(error.errno or 0) if isinstance(error, OSError) else None
