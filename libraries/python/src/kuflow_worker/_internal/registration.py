import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from .background import Background
from .metrics import Metrics
from .rest_client import RestClient, RestRequest
from .settings import Settings

LOG = logging.getLogger(__name__)

DEFAULT_DELAY_WINDOW = 300.0
MAX_DELAY_WINDOW = 86_400.0


def start_registration(
    *,
    rest: RestClient,
    settings: Settings,
    identity: str,
    workflow_types: Sequence[str],
    activity_types: Sequence[str],
    metrics: Metrics,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Background:
    """Registers this worker with KuFlow at regular intervals.

    A failure is logged and counted, and does not stop the worker.
    """
    body = _worker_body(settings, identity, workflow_types, activity_types)
    request = RestRequest(operation="createWorker", method="POST", path="/workers", body=body)

    async def keep_registering() -> None:
        window = DEFAULT_DELAY_WINDOW
        failures = 0
        while True:
            try:
                response = await rest.call(request)
            except Exception as error:
                failures += 1
                wait = min(window, round(2.5 ** min(failures, 10)))
                metrics.registration_failed()
                extra = {"seconds": wait}
                LOG.warning("Could not register the worker with KuFlow", exc_info=error, extra=extra)
            else:
                failures = 0
                wait = window = parse_delay_window(response.headers.get("x-kf-delay-window"))
                LOG.debug("Registered the worker with KuFlow", extra={"seconds": window})
            await sleep(wait)

    return Background("registration", keep_registering())


def parse_delay_window(header: str | None) -> float:
    """Seconds until the next registration."""
    try:
        seconds = float(header or "")
    except ValueError:
        return DEFAULT_DELAY_WINDOW
    # At most a day.
    return min(seconds, MAX_DELAY_WINDOW) if 1 <= seconds < float("inf") else DEFAULT_DELAY_WINDOW


def _worker_body(
    settings: Settings, identity: str, workflow_types: Sequence[str], activity_types: Sequence[str]
) -> dict[str, Any]:
    body = {
        "identity": identity[:255],
        "hostname": socket.gethostname()[:255] or "localhost",
        "ip": _find_own_address(),
        "taskQueue": settings.temporal.kuflow_queue,
        "workflowTypes": list(workflow_types),
        "activityTypes": list(activity_types),
        "tenantId": settings.api.tenant_id,
        "installationId": settings.worker.installation_id,
        "robotIds": list(settings.worker.robot_ids) or None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _find_own_address() -> str:
    # The system chooses the address of this machine for a packet to documentation addresses. Nothing is sent.
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                address = str(probe.getsockname()[0]).split("%")[0]
        except OSError:
            continue
        if 7 <= len(address) <= 40:
            return address
    return "127.0.0.1"
