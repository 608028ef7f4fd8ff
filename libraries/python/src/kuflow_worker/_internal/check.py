import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode

from .authentication import request_engine_certificate, request_engine_token
from .connection import connect_to_engine, describe_namespace, with_timeout
from .engine_certificate import EngineIdentity, identity_from_settings
from .engine_token import EngineToken
from .logs import describe_error, format_time
from .metrics import no_metrics
from .proxy import proxy_for
from .rest_client import RestClient, RestError, RestRequest, create_rest_client
from .settings import Settings, SettingsError

STARTED_AT = time.monotonic()
STEPS = ("settings", "rest", "token", "certificate", "connect", "namespace")
REST_TIMEOUT = 45.0
NAMESPACE_DEADLINE = 20.0
SOURCES = {"api": "requested from KuFlow", "files": "from the files", "data": "from inline data"}

StepStatus = Literal["ok", "failed", "unknown", "skipped"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CheckStep:
    step: str
    status: StepStatus
    detail: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    status: Literal[0, 1, 2, 4]
    """0: connected. 1: failed. 2: invalid settings. 4: inconclusive."""
    steps: list[CheckStep]


@dataclass(frozen=True, slots=True)
class StepResult(Generic[T]):
    value: T
    detail: str
    status: StepStatus = "ok"


async def check(
    load: Callable[[], Settings],
    report: Callable[[CheckStep], None],
    limit: float = 3_600,
    *,
    name: str,
    started_at: float = STARTED_AT,
    runtime: Runtime | None = None,
) -> CheckResult:
    """Connects as the worker does, step by step, up to the first step that fails. Calls `report` after each step.

    A step without a result `limit` seconds after the start of this process is `unknown`.
    """
    steps: list[CheckStep] = []
    rest: RestClient | None = None

    def done(step: str, status: StepStatus, detail: str) -> None:
        steps.append(CheckStep(step, status, detail))
        report(steps[-1])

    async def run(step: str, work: Awaitable[StepResult[T]]) -> T:
        left = started_at + limit - time.monotonic()
        try:
            result = await with_timeout(work, left, f"no result within the time limit of {limit:g} s")
        except Exception as error:
            done(step, "unknown" if _is_timeout(error) else "failed", describe_error(error))
            raise
        done(step, result.status, result.detail)
        return result.value

    try:
        settings = await run("settings", _load(load))
        rest = create_rest_client(settings, no_metrics, name)
        await run("rest", _call_rest(rest, settings))
        token = await run("token", _request_token(rest, settings))
        identity = await run("certificate", _find_certificate(rest, settings))
        client = await run("connect", _connect(settings, identity, token, runtime))
        await run("namespace", _describe_namespace(client, identity.namespace))
    except Exception as error:
        failed = steps[-1].status
        for step in STEPS[len(steps) :]:
            done(step, "skipped", "an earlier step failed")
        return CheckResult(2 if isinstance(error, SettingsError) else 4 if failed == "unknown" else 1, steps)
    finally:
        if rest is not None:
            await rest.close()
    return CheckResult(0, steps)


async def _load(load: Callable[[], Settings]) -> StepResult[Settings]:
    settings = load()
    detail = f"queue {settings.temporal.kuflow_queue}, {settings.api.endpoint}, {settings.temporal.target}"
    return StepResult(settings, detail)


async def _call_rest(rest: RestClient, settings: Settings) -> StepResult[None]:
    request = RestRequest(operation="findProcesses", method="GET", path="/processes", query={"size": 1})
    message = f"GET /processes: no response within {REST_TIMEOUT:.0f} s"
    await with_timeout(rest.call(request), REST_TIMEOUT, message)
    return StepResult(None, f"credentials accepted{_describe_proxy(settings, settings.api.endpoint)}")


async def _request_token(rest: RestClient, settings: Settings) -> StepResult[EngineToken]:
    token = await request_engine_token(rest, settings)
    return StepResult(token, f"valid until {format_time(token.expires_at)}")


async def _find_certificate(rest: RestClient, settings: Settings) -> StepResult[EngineIdentity]:
    identity = identity_from_settings(settings) or await request_engine_certificate(rest, settings)
    valid_to = format_time(identity.valid_to)
    if identity.valid_to <= time.time():
        raise RuntimeError(f"expired at {valid_to}")
    source = SOURCES[identity.source]
    return StepResult(identity, f"{source}, valid until {valid_to}, namespace {identity.namespace}")


async def _connect(
    settings: Settings, identity: EngineIdentity, token: EngineToken, runtime: Runtime | None
) -> StepResult[Client]:
    client = await connect_to_engine(settings, identity, token, runtime=runtime)
    target = settings.temporal.target
    return StepResult(client, f"{target}{_describe_proxy(settings, target)}")


async def _describe_namespace(client: Client, namespace: str) -> StepResult[None]:
    restriction = await describe_namespace(client, namespace, NAMESPACE_DEADLINE)
    # Temporal's SDK makes the same call when a worker starts, which fails if it is denied.
    if restriction == "PERMISSION_DENIED":
        raise RuntimeError(
            f"the engine denies access to the namespace {namespace} (PERMISSION_DENIED); "
            "check temporal.namespace and the permissions of the application"
        )
    if restriction is not None:
        return StepResult(None, f"the engine restricts this call ({restriction})", "skipped")
    return StepResult(None, f"{namespace} can be read")


def _describe_proxy(settings: Settings, address: str) -> str:
    proxy = proxy_for(settings, address)
    return f", through the proxy {proxy.netloc.decode()}" if proxy else ""


def _is_timeout(error: Exception) -> bool:
    if isinstance(error, RestError):
        return error.timed_out
    if isinstance(error, RPCError):
        return error.status is RPCStatusCode.DEADLINE_EXCEEDED
    return isinstance(error, TimeoutError)
