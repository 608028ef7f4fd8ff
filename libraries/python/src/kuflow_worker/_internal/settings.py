import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from .pem import key_fits_certificate, read_authorities, read_certificate, read_private_key
from .proxy import is_loopback
from .secret import Secret
from .settings_reader import Environment, SettingsProblem, SettingsReader, SettingValue

API_VERSION = "v2024-06-14"
DEFAULT_ENDPOINT = "https://api.kuflow.com"
MAX_PORT = 65_535
# Temporal's own limit, unless the engine has another one.
DEFAULT_MAX_PAYLOAD_BYTES = 2 * 1024 * 1024
MIN_MAX_PAYLOAD_BYTES = 10_000

LogLevel = Literal["trace", "debug", "info", "warn", "error"]
LogFormat = Literal["json", "pretty"]


def _parse_url(address: str) -> httpx.URL:
    try:
        # The second time with the scheme in lower case, which is required to recognize the default port.
        url = httpx.URL(str(httpx.URL(address)))
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from None
    if not re.fullmatch(r"[\w.:-]+", url.host) or not (url.port is None or 1 <= url.port <= MAX_PORT):
        raise ValueError("no valid host and port")
    return url


def _parse_endpoint(address: str) -> str:
    """Adds the version segment, removes a trailing slash, and rejects what must not receive credentials."""
    url = _parse_url(address)
    if not (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))):
        raise ValueError("not HTTPS")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("more than an address")
    path = re.sub(r"/{2,}", "/", url.raw_path.decode().partition("?")[0]).removesuffix("/")
    version = re.search(r"/(v\d{4}-\d{2}-\d{2})$", path)
    if version and version[1] != API_VERSION:
        raise ValueError("another version")
    return f"{url.scheme}://{url.netloc.decode()}{path}{'' if version else f'/{API_VERSION}'}"


def _parse_target(text: str) -> str:
    target = re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})", text, re.ASCII)
    if target is None or not 1 <= int(target[1]) <= MAX_PORT:
        raise ValueError("not an address")
    return text


def _whole_number(low: int, high: int) -> Any:
    return Field(ge=low, le=high, description=f"a whole number from {low} to {high}")


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _split(value: object) -> object:
    return [part for part in re.split(r"[\s,]+", value) if part] if isinstance(value, str) else value


# The description of a setting is what a message about it says is expected.
UUID = r"^(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
Uuid = Annotated[str, Field(pattern=UUID)]
OptionalUuid = Annotated[Uuid | None, Field(description="a UUID")]
Port = Annotated[int, _whole_number(0, MAX_PORT)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class MutualTls:
    """Certificate, key and CA in PEM format, and where they come from."""

    source: Literal["files", "data"]
    cert: str
    key: Secret
    ca: str
    """One or more certificates. All of them are trusted."""


class ApiSettings(_Section):
    endpoint: Annotated[
        str,
        AfterValidator(_parse_endpoint),
        Field(
            description=f"an address like {DEFAULT_ENDPOINT}; http: is allowed only for loopback addresses, "
            f"and {API_VERSION} is the only supported version"
        ),
    ]
    """With the version segment, without a trailing slash."""
    client_id: Annotated[Uuid, Field(description="a UUID, the identifier of the application")]
    client_secret: Secret
    client_secret_file: Path | None
    """The file that contains the secret, if it comes from one."""
    tenant_id: OptionalUuid = None
    ca: str | None
    """PEM text, trusted in addition to the root certificates of the system."""


class TemporalSettings(_Section):
    target: Annotated[str, AfterValidator(_parse_target), Field(description="host:port, without https://")] = (
        "engine.kuflow.com:443"
    )
    namespace: str | None = None
    kuflow_queue: Annotated[str, Field(description="the task queue of the process definition")]
    mutual_tls: MutualTls | None
    server_name: str | None
    proxy: Secret | None
    """The address of an HTTP CONNECT proxy, with user and password if it has any."""
    no_proxy: str
    """Value of NO_PROXY. Empty if the proxy is set with `temporal.proxy`."""


class WorkerSettings(_Section):
    installation_id: OptionalUuid = None
    robot_ids: Annotated[
        tuple[Uuid, ...], BeforeValidator(_split), Field(description="UUIDs, as a list or separated by commas")
    ] = ()
    health_port: Port = 8081
    """0: any free port."""
    metrics_port: Port = 9464
    """0: no metrics."""
    # With a cache of workflows, Temporal's SDK needs at least two.
    max_concurrent_workflow_tasks: Annotated[int | None, _whole_number(2, 10_000)] = None
    """None: the default of Temporal's SDK, also for the next field."""
    max_concurrent_activities: Annotated[int | None, _whole_number(1, 10_000)] = None
    log_level: Annotated[LogLevel, BeforeValidator(_lower), Field(description="trace, debug, info, warn or error")] = (
        "info"
    )
    log_format: Annotated[LogFormat | None, BeforeValidator(_lower), Field(description="json or pretty")] = None
    """Default: `pretty` in development, otherwise `json`."""
    attempts_before_task_log: Annotated[int, _whole_number(1, 1_000)] = 5
    """How many attempts of a system task fail before people see the reason in the log of the task."""
    max_payload_bytes: Annotated[int, _whole_number(MIN_MAX_PAYLOAD_BYTES, 2 * DEFAULT_MAX_PAYLOAD_BYTES)] = (
        DEFAULT_MAX_PAYLOAD_BYTES
    )
    """The largest argument or result of an activity or workflow, in bytes."""


@dataclass(frozen=True, slots=True)
class Settings:
    api: ApiSettings
    temporal: TemporalSettings
    worker: WorkerSettings
    app: Any = None
    """The project's own settings."""


class SettingsError(Exception):
    """Invalid settings, with all problems at once."""

    def __init__(self, problems: tuple[SettingsProblem, ...], log_format: LogFormat | None = None) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
        self.log_format = log_format
        """How to log this error, if it is set."""


def load_settings(directory: Path, environment: Environment, app: type[BaseModel] | None = None) -> Settings:
    """Loads the settings of this worker, or raises a `SettingsError`.

    For each key, the environment overrides `application-local.yaml`, which overrides `application.yaml`. The client ID
    and secret always come from the same source. `app` is the model of the project's own settings.
    """
    reader = SettingsReader(directory, environment)
    api = _read_api(reader, directory)
    proxy, no_proxy = _read_proxy(reader)
    mutual_tls = _read_mutual_tls(reader)
    server_name = reader.find("temporal.mutual-tls.server-name")
    temporal = reader.read(
        "temporal",
        TemporalSettings,
        mutual_tls=mutual_tls,
        server_name=server_name and server_name.text,
        proxy=proxy,
        no_proxy=no_proxy,
    )
    if mutual_tls and reader.find("temporal.namespace") is None:
        reader.missing("temporal.namespace", "the namespace, which is required with temporal.mutual-tls")
    worker = reader.read("worker", WorkerSettings)
    own = None if app is None else reader.read("app", app)
    if reader.problems or not (api and temporal and worker):
        found = reader.find("worker.log-format")
        log_format: Any = found and found.text.lower()
        raise SettingsError(reader.problems, log_format if log_format in ("json", "pretty") else None)
    return Settings(api, temporal, worker, own)


def _read_api(reader: SettingsReader, directory: Path) -> ApiSettings | None:
    id_key, secret_key = "kuflow.api.client-id", "kuflow.api.client-secret"
    secret_file = reader.from_environment("KUFLOW_API_CLIENTSECRET_FILE")
    environment = (reader.from_environment("KUFLOW_API_CLIENTID"), _read_secret_variable(reader, secret_file))
    files = (reader.from_files(id_key), reader.from_files(secret_key))
    # A missing half is never taken from another source.
    in_environment = any(environment)
    client_id, secret = environment if in_environment else files
    together = "; client ID and client secret must come from the same source" if in_environment else ""
    for key, half, other, what in (
        (id_key, client_id, files[0], "identifier"),
        (secret_key, secret, files[1], "token"),
    ):
        if half is None:
            code: Literal["mixed-credentials", "missing"] = (
                "mixed-credentials" if in_environment and other else "missing"
            )
            reader.missing(key, f"the {what} of the application{together}", code)
    if secret is not None and secret.text != secret.raw:
        reader.problem(secret_key, "invalid", secret.source, "a secret without spaces or line breaks around it")
    endpoint = _find_endpoint(reader, in_environment)
    return reader.read(
        "kuflow.api",
        ApiSettings,
        endpoint=endpoint,
        client_id=client_id,
        client_secret=secret,
        client_secret_file=secret_file and directory / secret_file.text,
        ca=_read_pem(reader, "kuflow.api.ca", "a CA file", True, read_authorities),
    )


def _read_secret_variable(reader: SettingsReader, file: SettingValue | None) -> SettingValue | None:
    key = "kuflow.api.client-secret"
    direct = reader.from_environment("KUFLOW_API_CLIENTSECRET")
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


def _find_endpoint(reader: SettingsReader, credentials_in_environment: bool) -> SettingValue:
    key = "kuflow.api.endpoint"
    file = reader.from_files(key)
    written = reader.from_environment("KUFLOW_API_ENDPOINT") or (None if credentials_in_environment else file)
    found = written or SettingValue(DEFAULT_ENDPOINT, key)
    endpoint = _endpoint_or_none(found.text)
    # Credentials of one KuFlow must not be sent to another.
    is_other = file is not None and "FILL_ME" not in file.text and _endpoint_or_none(file.text) != endpoint
    if credentials_in_environment and endpoint is not None and file is not None and is_other:
        expected = f"{endpoint}, the endpoint of the credentials in the environment; the file has {file.text}"
        reader.problem(key, "endpoint-mismatch", file.source, expected)
    return found


def _endpoint_or_none(address: str) -> str | None:
    try:
        return _parse_endpoint(address)
    except ValueError:
        return None


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
    try:
        is_usable = _parse_url(address).scheme == "http"
    except ValueError:
        is_usable = False
    if not is_usable:
        reader.problem(key, "invalid", found.source, "the address of an HTTP proxy, http://host:port, or none")
    elif re.search(r"://.*[@/?#].*@", address, re.DOTALL):
        reader.problem(key, "invalid", found.source, "a user name and password with @, /, ? and # percent-encoded")
    no_proxy = reader.from_environment("no_proxy") or reader.from_environment("NO_PROXY")
    return Secret(address), no_proxy.text if no_proxy and not explicit else ""
