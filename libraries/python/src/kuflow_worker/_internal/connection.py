import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

import httpx
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.converter import DataConverter
from temporalio.runtime import Runtime
from temporalio.service import HttpConnectProxyConfig, RPCError, RPCStatusCode, TLSConfig

from .engine_certificate import EngineIdentity
from .engine_token import EngineToken
from .proxy import proxy_for
from .settings import Settings

CONNECT_TIMEOUT = 20.0
T = TypeVar("T")

# gRPC statuses of an engine that does not allow a call.
RESTRICTED = {
    RPCStatusCode.PERMISSION_DENIED: "PERMISSION_DENIED",
    RPCStatusCode.UNIMPLEMENTED: "UNIMPLEMENTED",
}


async def connect_to_engine(
    settings: Settings,
    identity: EngineIdentity,
    token: EngineToken,
    *,
    runtime: Runtime | None = None,
    data_converter: DataConverter = DataConverter.default,
    client_identity: str | None = None,
) -> Client:
    """Connects to KuFlow's engine with mutual TLS. Even the first call needs the token.

    The SDK has no callback for tokens, so each new token must be set as `api_key` of the client. A worker accepts
    another client only if both have the same runtime.
    """
    target = settings.temporal.target
    proxy = proxy_for(settings, target)
    return await with_timeout(
        Client.connect(
            target,
            namespace=identity.namespace,
            api_key=token.value.reveal(),
            tls=TLSConfig(
                # May contain several certificates. All of them are trusted.
                server_root_ca_cert=identity.ca.encode(),
                client_cert=identity.cert.encode(),
                client_private_key=identity.key.reveal().encode(),
                domain=settings.temporal.server_name,
            ),
            # Temporal's core ignores proxy variables, so it gets the proxy that the worker uses for REST too.
            http_connect_proxy_config=_proxy_config(proxy) if proxy else None,
            runtime=runtime,
            data_converter=data_converter,
            identity=client_identity,
        ),
        CONNECT_TIMEOUT,
        f"{target}: no connection within {CONNECT_TIMEOUT:.0f} s",
    )


async def describe_namespace(client: Client, namespace: str, deadline: float) -> str | None:
    """Asks the engine for a namespace, with a deadline in seconds.

    Returns the name of its status if the engine does not allow that.
    """
    try:
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=namespace), timeout=timedelta(seconds=deadline)
        )
    except RPCError as error:
        if error.status in RESTRICTED:
            return RESTRICTED[error.status]
        raise
    return None


async def with_timeout(work: Awaitable[T], seconds: float, message: str) -> T:
    """Raises a `TimeoutError` with this message if `work` takes too long."""
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await work
    except TimeoutError:
        if limit.expired():
            raise TimeoutError(message) from None
        raise


def _proxy_config(proxy: httpx.URL) -> HttpConnectProxyConfig:
    basic_auth = (proxy.username, proxy.password) if proxy.username else None
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    return HttpConnectProxyConfig(f"{host}:{proxy.port or 80}", basic_auth)
