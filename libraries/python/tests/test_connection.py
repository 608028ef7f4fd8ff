from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.runtime import Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from kuflow_worker._internal.connection import connect_to_engine, describe_namespace
from kuflow_worker._internal.engine_certificate import create_identity
from kuflow_worker._internal.engine_token import create_token
from kuflow_worker._internal.secret import Secret
from kuflow_worker._internal.settings import load_settings

from .support.authority import Authority
from .support.engine import TlsEngine, connect_proxy, silent_server, tls_engine
from .support.environment import ENVIRONMENT

AUTHORITY = Authority()


@activity.defn
async def ping() -> None: ...


@pytest.fixture(scope="module")
async def engine(shared_environment: WorkflowEnvironment) -> AsyncIterator[TlsEngine]:
    async with tls_engine(shared_environment, AUTHORITY) as engine:
        yield engine


@dataclass
class Connector:
    engine: TlsEngine
    directory: Path
    runtime: Runtime

    async def connect(self, name: str, ca: str = AUTHORITY.cert, **environment: str) -> Client:
        required = ENVIRONMENT | {"TEMPORAL_TARGET": self.engine.target}
        pair = AUTHORITY.issue(name)
        identity = create_identity(source="api", namespace="default", cert=pair.cert, key=Secret(pair.key), ca=ca)
        settings = load_settings(self.directory, required | environment)
        return await connect_to_engine(settings, identity, create_token("the-token", None), runtime=self.runtime)


@pytest.fixture
def connector(engine: TlsEngine, tmp_path: Path) -> Connector:
    return Connector(engine, tmp_path, Runtime(telemetry=TelemetryConfig()))


async def test_trusts_every_certificate_in_the_ca_and_no_other_engine(connector: Connector) -> None:
    other = Authority("Other CA").cert
    client = await connector.connect("first", other + AUTHORITY.cert)
    assert client.namespace == "default"
    assert await describe_namespace(client, "default", 10) is None
    with pytest.raises(RuntimeError, match="connect"):
        await connector.connect("first", other)


async def test_reaches_the_engine_through_a_proxy_with_user_and_password(connector: Connector) -> None:
    async with connect_proxy(connector.engine.target) as proxy:
        client = await connector.connect(
            "proxied",
            TEMPORAL_TARGET="engine.example.com:443",
            TEMPORAL_MUTUALTLS_SERVERNAME="localhost",
            TEMPORAL_PROXY=f"http://user:p%40ss@{proxy.address}",
        )
        assert await describe_namespace(client, "default", 10) is None
    credentials = b64encode(b"user:p@ss").decode()
    assert proxy.requests[0].startswith("CONNECT engine.example.com:443 ")
    assert f"Proxy-Authorization: Basic {credentials}".lower() in proxy.requests[0].lower()


async def test_moves_a_running_worker_to_another_certificate(connector: Connector) -> None:
    client = await connector.connect("before")
    async with Worker(client, task_queue="QUEUE", activities=[ping], graceful_shutdown_timeout=timedelta()) as worker:
        worker.client = await connector.connect("after")
        assert await describe_namespace(worker.client, "default", 10) is None
    assert connector.engine.clients[-1] == "after"


async def test_reports_that_the_engine_restricts_a_call() -> None:
    def failing(status: RPCStatusCode) -> Client:
        async def describe(*args: Any, **options: Any) -> None:
            raise RPCError("no", status, b"")

        return cast(Client, SimpleNamespace(workflow_service=SimpleNamespace(describe_namespace=describe)))

    assert await describe_namespace(failing(RPCStatusCode.PERMISSION_DENIED), "default", 10) == "PERMISSION_DENIED"
    assert await describe_namespace(failing(RPCStatusCode.UNIMPLEMENTED), "default", 10) == "UNIMPLEMENTED"
    with pytest.raises(RPCError):
        await describe_namespace(failing(RPCStatusCode.NOT_FOUND), "default", 10)


async def test_has_a_time_limit(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuflow_worker._internal.connection.CONNECT_TIMEOUT", 0.2)
    async with silent_server() as target:
        silent = Connector(TlsEngine(target), connector.directory, connector.runtime)
        with pytest.raises(TimeoutError, match=f"{target}: no connection within"):
            await silent.connect("first")
