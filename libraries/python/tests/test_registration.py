import asyncio
import json
import logging
from pathlib import Path
from unittest.mock import create_autospec

import pytest

from kuflow_worker._internal.background import Background
from kuflow_worker._internal.metrics import no_metrics
from kuflow_worker._internal.registration import parse_delay_window, start_registration
from kuflow_worker._internal.rest_client import RestClient, create_rest_client
from kuflow_worker._internal.settings import Settings, load_settings

from .support.environment import APPLICATION_ID, ENVIRONMENT
from .support.scripted_server import Reply, ScriptedServer

METRICS = create_autospec(no_metrics)


class Pauses:
    """Records the pauses of the registration, and ends them after a number of calls."""

    def __init__(self, calls: int) -> None:
        self.seconds: list[float] = []
        self.done = asyncio.Event()
        self._calls = calls

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == self._calls:
            self.done.set()
            await asyncio.Event().wait()


def settings_for(server: ScriptedServer, directory: Path, environment: dict[str, str] | None = None) -> Settings:
    return load_settings(directory, ENVIRONMENT | {"KUFLOW_API_ENDPOINT": server.endpoint} | (environment or {}))


def start(rest: RestClient, settings: Settings, pauses: Pauses) -> Background:
    return start_registration(
        rest=rest,
        settings=settings,
        identity="1@host".ljust(300, "x"),
        workflow_types=["LoanWorkflow"],
        activity_types=["check_credit"],
        metrics=METRICS,
        sleep=pauses.sleep,
    )


async def test_has_identity_host_address_queue_types_and_the_configured_tenant_installation_and_robots(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.replies["POST /workers"] = [Reply(201, headers={"x-kf-delay-window": "60"})]
    optional = {
        "KUFLOW_API_TENANTID": APPLICATION_ID,
        "WORKER_INSTALLATIONID": APPLICATION_ID,
        "WORKER_ROBOTIDS": f"{APPLICATION_ID},{APPLICATION_ID}",
    }
    for environment in (optional, {}):
        settings = settings_for(server, tmp_path, environment)
        rest = create_rest_client(settings, METRICS, "trial")
        pauses = Pauses(1)
        registration = start(rest, settings, pauses)
        async with asyncio.timeout(10):
            await pauses.done.wait()
        registration.stop()
        await rest.close()
        assert pauses.seconds == [60]

    complete, required = (json.loads(request.content) for request in server.requests)
    assert len(complete["identity"]) == 255
    assert complete["hostname"]
    assert 7 <= len(complete["ip"]) <= 40
    assert complete["taskQueue"] == "QUEUE"
    assert complete["workflowTypes"] == ["LoanWorkflow"]
    assert complete["activityTypes"] == ["check_credit"]
    assert {name: complete[name] for name in complete.keys() - required.keys()} == {
        "tenantId": APPLICATION_ID,
        "installationId": APPLICATION_ID,
        "robotIds": [APPLICATION_ID, APPLICATION_ID],
    }


async def test_is_counted_and_retried_after_growing_pauses_if_it_fails(
    server: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    METRICS.reset_mock()
    server.replies["POST /workers"] = [Reply(400, {"message": "wrong"})]
    settings = settings_for(server, tmp_path)
    rest = create_rest_client(settings, METRICS, "trial")
    pauses = Pauses(8)
    caplog.set_level(logging.WARNING)
    registration = start(rest, settings, pauses)
    async with asyncio.timeout(10):
        await pauses.done.wait()
    registration.stop()
    await rest.close()
    assert pauses.seconds == [2, 6, 16, 39, 98, 244, 300, 300]
    assert METRICS.registration_failed.call_count == 8
    assert [record.message for record in caplog.records] == ["Could not register the worker with KuFlow"] * 8


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("60", 60),
        ("1", 1),
        (None, 300),
        ("", 300),
        ("0", 300),
        ("nan", 300),
        ("inf", 300),
        ("soon", 300),
        ("1e9", 86_400),
    ],
)
def test_is_repeated_at_the_interval_of_kuflow_or_every_300_s_if_that_is_not_a_usable_number(
    header: str | None, seconds: float
) -> None:
    assert parse_delay_window(header) == seconds
