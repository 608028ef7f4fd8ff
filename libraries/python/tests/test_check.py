import json
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from kuflow_worker._internal.check import CheckResult, CheckStep, check
from kuflow_worker._internal.settings import load_settings

from .support.authority import Authority
from .support.engine import TlsEngine, silent_server, tls_engine
from .support.environment import ENVIRONMENT
from .support.scripted_server import Reply, ScriptedServer

AUTHORITY = Authority()
CLIENT = AUTHORITY.issue("client")
PROCESSES = "GET /processes?size=1"
AUTHENTICATIONS = "POST /authentications"
NO_CERTIFICATE = {f"TEMPORAL_MUTUALTLS_{part}DATA": "" for part in ("CERT", "KEY", "CA")}


@pytest.fixture(scope="module")
async def engine(shared_environment: WorkflowEnvironment) -> AsyncIterator[TlsEngine]:
    async with tls_engine(shared_environment, AUTHORITY) as engine:
        yield engine


@pytest.fixture
def kuflow(server: ScriptedServer) -> ScriptedServer:
    server.replies[PROCESSES] = [Reply()]
    server.replies[AUTHENTICATIONS] = [Reply(body={"engineToken": {"token": "the-token"}})]
    return server


class Setup:
    def __init__(self, engine: TlsEngine, kuflow: ScriptedServer, directory: Path) -> None:
        self.reported: list[CheckStep] = []
        self._directory = directory
        self._environment = ENVIRONMENT | {
            "KUFLOW_API_ENDPOINT": kuflow.endpoint,
            "TEMPORAL_TARGET": engine.target,
            "TEMPORAL_NAMESPACE": "default",
            "TEMPORAL_MUTUALTLS_CERTDATA": CLIENT.cert,
            "TEMPORAL_MUTUALTLS_KEYDATA": CLIENT.key,
            "TEMPORAL_MUTUALTLS_CADATA": AUTHORITY.cert,
        }

    async def check(self, limit: float = 60, /, **environment: str) -> CheckResult:
        return await check(
            lambda: load_settings(self._directory, self._environment | environment),
            self.reported.append,
            limit,
            name="trial",
            started_at=time.monotonic(),
        )


@pytest.fixture
def setup(engine: TlsEngine, kuflow: ScriptedServer, tmp_path: Path) -> Setup:
    return Setup(engine, kuflow, tmp_path)


def statuses(result: CheckResult) -> str:
    return " ".join(step.status for step in result.steps)


async def test_connects_step_by_step_and_reports_each_step(setup: Setup) -> None:
    result = await setup.check()
    assert (result.status, statuses(result)) == (0, "ok ok ok ok ok ok")
    assert result.steps == setup.reported
    certificate = result.steps[3].detail
    assert certificate.startswith("from inline data, valid until ") and certificate.endswith(", namespace default")
    beginning = '{"status": 0, "steps": [{"step": "settings", "status": "ok", "detail": "queue QUEUE, http'
    assert json.dumps(asdict(result)).startswith(beginning)


async def test_connects_with_a_certificate_that_is_requested_from_kuflow(setup: Setup, kuflow: ScriptedServer) -> None:
    tls = {
        "clientCertificate": CLIENT.cert,
        "clientPrivateKey": CLIENT.key,
        "serverRootCaCertificate": AUTHORITY.cert,
    }
    answer = {
        "engineToken": {"token": "the-token", "expiredAt": "2100-01-01T00:00:00Z"},
        "engineCertificate": {"namespace": "default", "tls": tls},
    }
    kuflow.replies[AUTHENTICATIONS] = [Reply(body=answer)]
    result = await setup.check(**NO_CERTIFICATE, TEMPORAL_NAMESPACE="")
    assert (result.status, statuses(result)) == (0, "ok ok ok ok ok ok")
    assert result.steps[3].detail.startswith("requested from KuFlow, valid until ")
    bodies = [json.loads(request.content) for request in kuflow.requests if request.call == AUTHENTICATIONS]
    assert bodies == [{"type": "ENGINE_TOKEN"}, {"type": "ENGINE_CERTIFICATE"}]


async def test_ends_at_the_first_step_that_fails(setup: Setup, kuflow: ScriptedServer) -> None:
    refused = await setup.check(TEMPORAL_TARGET="127.0.0.1:1")
    assert (refused.status, statuses(refused)) == (1, "ok ok ok ok failed skipped")

    incomplete = await setup.check(**NO_CERTIFICATE)
    assert (incomplete.status, statuses(incomplete)) == (1, "ok ok ok failed skipped skipped")
    assert incomplete.steps[3].detail == "POST /authentications: the response has no complete engineCertificate"

    kuflow.replies[PROCESSES] = [Reply(401, {"message": "wrong"})]
    result = await setup.check()
    assert (result.status, statuses(result)) == (1, "ok failed skipped skipped skipped skipped")
    assert result.steps[1].detail == f"GET {kuflow.endpoint}/processes: 401 wrong"


async def test_lists_all_problems_of_the_settings(setup: Setup) -> None:
    result = await setup.check(KUFLOW_API_CLIENTID="", TEMPORAL_KUFLOWQUEUE="")
    assert (result.status, statuses(result)) == (2, "failed skipped skipped skipped skipped skipped")
    assert "kuflow.api.client-id (" in result.steps[0].detail
    assert "temporal.kuflow-queue (" in result.steps[0].detail


async def test_is_inconclusive_if_there_is_no_response_within_the_time_limit(setup: Setup) -> None:
    async with silent_server() as address:
        result = await setup.check(0.5, KUFLOW_API_ENDPOINT=f"http://{address}")
    assert (result.status, statuses(result)) == (4, "ok unknown skipped skipped skipped skipped")
    assert result.steps[1].detail == "no result within the time limit of 0.5 s"
