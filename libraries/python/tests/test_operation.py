"""The ports of the worker, and its shutdown on Windows."""

import asyncio
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from kuflow_worker._internal.health import HealthServer, start_health_server
from kuflow_worker._internal.metrics import Metrics
from kuflow_worker._internal.program import SHUTDOWN_PORT, create_runtime, on_shutdown_request
from kuflow_worker._internal.worker_runtime import start_health


class Readiness:
    reason: str | None = None


@pytest.fixture
async def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
async def health(readiness: Readiness) -> AsyncIterator[HealthServer]:
    server = await start_health_server(0, lambda: readiness.reason)
    yield server
    server.close()


async def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        response = await client.get(f"http://{host}:{port}{path}")
        return response.status_code, response.text


def used_port(host: str = "") -> socket.socket:
    return socket.create_server((host, 0))


async def test_livez_responds_while_the_process_runs(health: HealthServer) -> None:
    assert await get(health.port, "/livez") == (200, "ok\n")


async def test_readyz_responds_with_the_reason_if_the_worker_is_not_ready(
    health: HealthServer, readiness: Readiness
) -> None:
    assert await get(health.port, "/readyz?verbose") == (200, "ok\n")
    readiness.reason = "draining"
    assert await get(health.port, "/readyz") == (503, "draining\n")
    assert await get(health.port, "/livez") == (200, "ok\n")


async def test_nothing_else_is_served(health: HealthServer) -> None:
    for path in ("/", "/health", "/metrics", "/livez/x"):
        assert (await get(health.port, path))[0] == 404


@pytest.mark.parametrize("request_bytes", [b"", b"\r\n\r\n", b"GET /livez", b"x" * 100_000])
async def test_a_broken_request_does_not_stop_the_health_port(health: HealthServer, request_bytes: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", health.port)
    writer.write(request_bytes)
    writer.write_eof()
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    assert await get(health.port, "/livez") == (200, "ok\n")


async def test_metrics_has_the_metrics_of_the_worker() -> None:
    with used_port() as free:
        port = free.getsockname()[1]
    runtime = Runtime(telemetry=TelemetryConfig(metrics=PrometheusConfig(bind_address=f"127.0.0.1:{port}")))
    metrics = Metrics(runtime.metric_meter)
    metrics.rest_call("retrieveProcess", 404)
    metrics.token_age(60)
    metrics.token_renewal_failed()
    metrics.certificate_expiry(-1)
    metrics.certificate_renewal_overdue(True)
    metrics.registration_failed()
    metrics.engine_reachable(True)
    metrics.system_task_failed("CHECK")
    metrics.system_tasks_failing(2)

    status, body = await get(port, "/metrics")

    label = 'service_name="temporal-core-sdk"'
    assert status == 200
    assert {
        f'kuflow_rest_calls{{operation="retrieveProcess",{label},status="404"}} 1',
        f"kuflow_engine_token_age_seconds{{{label}}} 60",
        f"kuflow_engine_token_failures{{{label}}} 1",
        f"kuflow_engine_certificate_expiry_seconds{{{label}}} 0",
        f"kuflow_engine_certificate_renewal_overdue{{{label}}} 1",
        f"kuflow_worker_registration_failures{{{label}}} 1",
        f"kuflow_engine_reachable{{{label}}} 1",
        f'kuflow_system_task_failures{{code="CHECK",{label}}} 1',
        f"kuflow_system_tasks_failing{{{label}}} 2",
    } <= set(body.splitlines())
    assert (await get(port, "/env"))[0] == 404


async def test_in_development_both_ports_listen_on_loopback_only_and_do_not_have_to_be_free() -> None:
    with used_port() as used:
        port = used.getsockname()[1]
        create_runtime(port, development=True)
        health = await start_health(port, lambda: None, development=True)
    assert health.port != port
    assert health.host == "127.0.0.1"
    health.close()


async def test_in_production_both_ports_must_be_free() -> None:
    with used_port() as used:
        port = used.getsockname()[1]
        with pytest.raises(RuntimeError, match=r"worker\.metrics-port"):
            create_runtime(port, development=False)
        with pytest.raises(RuntimeError, match=r"worker\.health-port"):
            await start_health(port, lambda: None, development=False)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="This machine has no IPv6")
async def test_metrics_are_available_on_ipv4_and_ipv6() -> None:
    with used_port() as free:
        port = free.getsockname()[1]
    runtime = create_runtime(port, development=False)
    Metrics(runtime.metric_meter).engine_reachable(True)
    for host in ("127.0.0.1", "[::1]"):
        assert (await get(port, "/metrics", host))[0] == 200


async def test_a_worker_on_windows_shuts_down_when_kuflow_ends_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    requested = asyncio.Event()
    connection: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await connection.put(writer)

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        monkeypatch.setenv(SHUTDOWN_PORT, str(server.sockets[0].getsockname()[1]))
        waiting = asyncio.create_task(on_shutdown_request(requested.set))
        writer = await connection.get()
        assert not requested.is_set()
        writer.close()
        await waiting
    assert requested.is_set()
