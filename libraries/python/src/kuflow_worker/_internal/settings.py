import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, get_args

import httpx

from .pem import key_fits_certificate, read_authorities, read_certificate, read_private_key
from .proxy import is_loopback
from .secret import Secret
from .settings_reader import Environment, ProblemCode, SettingsProblem, SettingsReader, SettingValue

API_VERSION = "v2024-06-14"
DEFAULT_ENDPOINT = "https://api.kuflow.com"
MAX_PORT = 65_535
# Temporal's own limit, unless the engine has another one.
DEFAULT_MAX_PAYLOAD_BYTES = 2 * 1024 * 1024

LogLevel = Literal["trace", "debug", "info", "warn", "error"]
LogFormat = Literal["json", "pretty"]
LOG_LEVELS: Mapping[str, LogLevel] = {level: level for level in get_args(LogLevel)}
LOG_FORMATS: Mapping[str, LogFormat] = {name: name for name in get_args(LogFormat)}
Choice = TypeVar("Choice")


@dataclass(frozen=True, slots=True)
class MutualTls:
    """Certificate, key and CA in PEM format, and where they come from."""

    source: Literal["files", "data"]
    cert: str
    key: Secret
    ca: str
    """One or more certificates. All of them are trusted."""


@dataclass(frozen=True, slots=True)
class ApiSettings:
    endpoint: str
    """With the version segment, without a trailing slash."""
    client_id: str
    client_secret: Secret
    client_secret_file: Path | None
    """The file that contains the secret, if it comes from one."""
    tenant_id: str | None
    ca: str | None
    """PEM text, trusted in addition to the root certificates of the system."""


@dataclass(frozen=True, slots=True)
class TemporalSettings:
    target: str
    """`host:port`"""
    namespace: str | None
    queue: str
    mutual_tls: MutualTls | None
    server_name: str | None
    proxy: Secret | None
    """The address of an HTTP CONNECT proxy, with user and password if it has any."""
    no_proxy: str
    """Value of NO_PROXY. Empty if the proxy is set with `temporal.proxy`."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    installation_id: str | None
    robot_ids: tuple[str, ...]
    health_port: int
    """0: any free port."""
    metrics_port: int
    """0: no metrics."""
    max_concurrent_workflow_tasks: int | None
    """None: the default of Temporal's SDK, also for the next field."""
    max_concurrent_activities: int | None
    log_level: LogLevel
    log_format: LogFormat | None
    """Default: `pretty` in development, otherwise `json`."""
    attempts_before_task_log: int
    """How many attempts of a system task fail before people see the reason in the log of the task."""
    max_payload_bytes: int
    """The largest argument or result of an activity or workflow, in bytes."""


@dataclass(frozen=True, slots=True)
class Settings:
    api: ApiSettings
    temporal: TemporalSettings
    worker: WorkerSettings


class SettingsError(Exception):
    """Invalid settings, with all problems at once."""

    def __init__(self, problems: tuple[SettingsProblem, ...], log_format: LogFormat | None) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
        self.log_format = log_format
        """How to log this error, if it is set."""


def load_settings(directory: Path, environment: Environment) -> Settings:
    """Loads the settings of this worker, or raises a `SettingsError`.

    For each key, the environment overrides `application-local.yaml`, which overrides `application.yaml`. The client ID
    and secret always come from the same source.
    """
    reader = SettingsReader(directory, environment)

    def text(key: str) -> str | None:
        found = reader.find(key)
        return found.text if found else None

    def uuid(key: str) -> str | None:
        return reader.read(key, "a UUID", _parse_uuid)

    def integer(key: str, low: int, high: int) -> int | None:
        return reader.read(key, f"a whole number from {low} to {high}", _integer(low, high))

    def integer_or(key: str, low: int, high: int, default: int) -> int:
        value = integer(key, low, high)
        return default if value is None else value

    endpoint, client_id, client_secret = _read_credentials(reader)
    api = ApiSettings(
        endpoint=endpoint,
        client_id=client_id,
        client_secret=client_secret,
        client_secret_file=_secret_file(directory, reader),
        tenant_id=uuid("kuflow.api.tenant-id"),
        ca=_read_pem(reader, "kuflow.api.ca", "a CA file", True, read_authorities),
    )
    proxy, no_proxy = _read_proxy(reader)
    target = reader.read("temporal.target", "host:port, without https://", _parse_target)
    temporal = TemporalSettings(
        target=target or "engine.kuflow.com:443",
        namespace=text("temporal.namespace"),
        queue=text("temporal.kuflow-queue") or "",
        mutual_tls=_read_mutual_tls(reader),
        server_name=text("temporal.mutual-tls.server-name"),
        proxy=proxy,
        no_proxy=no_proxy,
    )
    worker = WorkerSettings(
        installation_id=uuid("worker.installation-id"),
        robot_ids=reader.read("worker.robot-ids", "UUIDs, as a list or separated by commas", _parse_uuids) or (),
        health_port=integer_or("worker.health-port", 0, MAX_PORT, 8081),
        metrics_port=integer_or("worker.metrics-port", 0, MAX_PORT, 9464),
        # With a cache of workflows, Temporal's SDK needs at least two.
        max_concurrent_workflow_tasks=integer("worker.max-concurrent-workflow-tasks", 2, 10_000),
        max_concurrent_activities=integer("worker.max-concurrent-activities", 1, 10_000),
        log_level=reader.read("worker.log-level", "trace, debug, info, warn or error", _one_of(LOG_LEVELS)) or "info",
        log_format=reader.read("worker.log-format", "json or pretty", _one_of(LOG_FORMATS)),
        attempts_before_task_log=integer_or("worker.attempts-before-task-log", 1, 1_000, 5),
        max_payload_bytes=integer_or(
            "worker.max-payload-bytes", 10_000, 2 * DEFAULT_MAX_PAYLOAD_BYTES, DEFAULT_MAX_PAYLOAD_BYTES
        ),
    )
    if not temporal.queue:
        reader.missing("temporal.kuflow-queue", "the task queue of the process definition")
    if temporal.mutual_tls and temporal.namespace is None:
        reader.missing("temporal.namespace", "the namespace, which is required with temporal.mutual-tls")
    if reader.problems:
        raise SettingsError(reader.problems, worker.log_format)
    return Settings(api, temporal, worker)


def _read_credentials(reader: SettingsReader) -> tuple[str, str, Secret]:
    """Endpoint, client ID and client secret."""
    id_key, secret_key = "kuflow.api.client-id", "kuflow.api.client-secret"
    environment = (reader.from_environment("KUFLOW_API_CLIENTID"), _read_secret_variable(reader))
    files = (reader.from_files(id_key), reader.from_files(secret_key))
    # A missing half is never taken from another source.
    in_environment = any(environment)
    pair = environment if in_environment else files
    client_id, secret = reader.usable(id_key, pair[0]), reader.usable(secret_key, pair[1])
    together = "; client ID and client secret must come from the same source" if in_environment else ""

    def half(other: SettingValue | None) -> ProblemCode:
        return "mixed-credentials" if in_environment and other else "missing"

    if client_id is None:
        reader.missing(id_key, f"the identifier of the application{together}", half(files[0]))
    elif _parse_uuid(client_id.text) is None:
        reader.problem(id_key, "invalid", client_id.source, "a UUID, the identifier of the application")
    if secret is None:
        reader.missing(secret_key, f"the token of the application{together}", half(files[1]))
    elif secret.text != secret.raw:
        reader.problem(secret_key, "invalid", secret.source, "a secret without spaces or line breaks around it")
    endpoint = _read_endpoint(reader, in_environment)
    return endpoint, client_id.text if client_id else "", Secret(secret.text if secret else "")


def _read_secret_variable(reader: SettingsReader) -> SettingValue | None:
    key = "kuflow.api.client-secret"
    direct = reader.from_environment("KUFLOW_API_CLIENTSECRET")
    file = reader.from_environment("KUFLOW_API_CLIENTSECRET_FILE")
    if file is None:
        return direct
    if direct is not None:
        expected = "KUFLOW_API_CLIENTSECRET or KUFLOW_API_CLIENTSECRET_FILE, not both"
        reader.problem(key, "conflict", file.source, expected)
        return direct
    raw = secret_in(reader.read_file(key, file) or "")
    if not raw.strip():
        reader.problem(key, "invalid", file.source, "a secret; the file is empty")
    # The variable counts as set even if the file is unreadable, so that no other source supplies the secret.
    return SettingValue(raw, file.source)


def secret_in(text: str) -> str:
    """The secret in the text of a file, which usually ends with a line break."""
    return re.sub(r"\r?\n\Z", "", text)


def _secret_file(directory: Path, reader: SettingsReader) -> Path | None:
    file = reader.from_environment("KUFLOW_API_CLIENTSECRET_FILE")
    return None if file is None else directory / file.text


def _read_endpoint(reader: SettingsReader, credentials_in_environment: bool) -> str:
    key = "kuflow.api.endpoint"
    file = reader.from_files(key)
    written = reader.from_environment("KUFLOW_API_ENDPOINT") or (None if credentials_in_environment else file)
    found = reader.usable(key, written)
    endpoint = _parse_endpoint(found.text if found else DEFAULT_ENDPOINT)
    if endpoint is None:
        expected = (
            f"an address like {DEFAULT_ENDPOINT}; http: is allowed only for loopback addresses, "
            f"and {API_VERSION} is the only supported version"
        )
        reader.problem(key, "invalid", found.source if found else key, expected)
        return DEFAULT_ENDPOINT
    # Credentials of one KuFlow must not be sent to another.
    is_other = file is not None and "FILL_ME" not in file.text and _parse_endpoint(file.text) != endpoint
    if credentials_in_environment and file is not None and is_other:
        expected = f"{endpoint}, the endpoint of the credentials in the environment; the file has {file.text}"
        reader.problem(key, "endpoint-mismatch", file.source, expected)
    return endpoint


def _read_mutual_tls(reader: SettingsReader) -> MutualTls | None:
    files = _read_material(reader, "files")
    data = _read_material(reader, "data")
    if files and data:
        expected = "files (cert, key, ca) or inline PEM (cert-data, key-data, ca-data), not both"
        reader.problem("temporal.mutual-tls", "conflict", f"{files[1]}, {data[1]}", expected)
    found = files or data
    return found[0] if found else None


def _read_material(reader: SettingsReader, source: Literal["files", "data"]) -> tuple[MutualTls, str] | None:
    """The material, and the file or variable that it is set in."""
    suffix = "-data" if source == "data" else ""
    cert_name, key_name, ca_name = (f"temporal.mutual-tls.{part}{suffix}" for part in ("cert", "key", "ca"))
    found = {name: reader.find(name) for name in (cert_name, key_name, ca_name)}
    first = next(filter(None, found.values()), None)
    if first is None:
        return None
    if found[key_name] is None or found[ca_name] is None:
        reader.missing(cert_name, f"{key_name} and {ca_name}, which it requires")
    if found[cert_name] is None:
        reader.missing(cert_name, f"the certificate for {key_name}")

    def pem(name: str, read: Callable[[str], str]) -> str:
        return _read_pem(reader, name, "usable PEM", source == "files", read) or ""

    cert = pem(cert_name, read_certificate)
    key = pem(key_name, read_private_key)
    ca = pem(ca_name, read_authorities)
    if cert and key and not key_fits_certificate(cert, key):
        key_source = (found[key_name] or first).source
        reader.problem(key_name, "invalid", key_source, f"the private key that belongs to {cert_name}")
    return MutualTls(source, cert, Secret(key), ca), first.source


def _read_pem(reader: SettingsReader, key: str, expected: str, is_file: bool, read: Callable[[str], str]) -> str | None:
    """A setting with PEM text, or with the path of a PEM file."""
    found = reader.find(key)
    if found is None:
        return None
    text = reader.read_file(key, found) if is_file else found.text
    if text is None:
        return None
    try:
        return read(text)
    except ValueError as error:
        reader.problem(key, "invalid", found.source, f"{expected}; found {error}")
        return None


def _read_proxy(reader: SettingsReader) -> tuple[Secret | None, str]:
    """The address of the proxy, and the hosts that do not use it."""
    key = "temporal.proxy"
    explicit = reader.find(key)
    found = explicit or reader.from_environment("https_proxy") or reader.from_environment("HTTPS_PROXY")
    if found is None or found.text == "none":
        return None, ""
    address = found.text if "://" in found.text else f"http://{found.text}"
    url = _parse_url(address)
    if url is None or url.scheme != "http":
        reader.problem(key, "invalid", found.source, "the address of an HTTP proxy, http://host:port, or none")
    elif re.search(r"://.*[@/?#].*@", address, re.DOTALL):
        reader.problem(key, "invalid", found.source, "a user name and password with @, /, ? and # percent-encoded")
    no_proxy = reader.from_environment("no_proxy") or reader.from_environment("NO_PROXY")
    return Secret(address), no_proxy.text if no_proxy and not explicit else ""


# Each of these returns None for an invalid text.


def _parse_url(address: str) -> httpx.URL | None:
    try:
        # The second time with the scheme in lower case, which is required to recognize the default port.
        url = httpx.URL(str(httpx.URL(address)))
    except httpx.InvalidURL:
        return None
    is_usable = re.fullmatch(r"[\w.:-]+", url.host) and (url.port is None or 1 <= url.port <= MAX_PORT)
    return url if is_usable else None


def _parse_endpoint(address: str) -> str | None:
    """Adds the version segment, removes a trailing slash, and rejects what must not receive credentials."""
    url = _parse_url(address)
    if url is None or not (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))):
        return None
    if url.userinfo or url.query or url.fragment:
        return None
    path = re.sub(r"/{2,}", "/", url.raw_path.decode().partition("?")[0]).removesuffix("/")
    version = re.search(r"/(v\d{4}-\d{2}-\d{2})$", path)
    if version and version[1] != API_VERSION:
        return None
    return f"{url.scheme}://{url.netloc.decode()}{path}{'' if version else f'/{API_VERSION}'}"


def _parse_target(text: str) -> str | None:
    target = re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})", text, re.ASCII)
    return text if target and 1 <= int(target[1]) <= MAX_PORT else None


def _integer(low: int, high: int) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        return int(text) if re.fullmatch(r"[0-9]{1,9}", text) and low <= int(text) <= high else None

    return parse


def _parse_uuid(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.IGNORECASE) else None


def _parse_uuids(text: str) -> tuple[str, ...] | None:
    ids = tuple(filter(None, re.split(r"[\s,]+", text)))
    return ids if all(map(_parse_uuid, ids)) else None


def _one_of(choices: Mapping[str, Choice]) -> Callable[[str], Choice | None]:
    return lambda text: choices.get(text.lower())
