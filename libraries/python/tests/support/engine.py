import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from .authority import Authority
from .loopback import listening


class TlsEngine:
    """Temporal's test server behind mutual TLS."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.clients: list[str] = []
        """The names in the client certificates of all connections."""


@asynccontextmanager
async def tls_engine(environment: WorkflowEnvironment, authority: Authority) -> AsyncIterator[TlsEngine]:
    """Accepts the clients of an authority, which has also issued the certificate of the engine."""
    host, port = environment.client.service_client.config.target_host.split(":")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        certificate = writer.get_extra_info("peercert")
        engine.clients.append(certificate["subject"][0][0][1])
        await _connect(reader, writer, host, int(port))

    async with listening(accept, ssl=_tls_context(authority)) as target:
        engine = TlsEngine(target)
        yield engine


class ConnectProxy:
    """An HTTP CONNECT proxy that connects each client to the same server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.requests: list[str] = []


@asynccontextmanager
async def connect_proxy(target: str) -> AsyncIterator[ConnectProxy]:
    host, port = target.split(":")

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        proxy.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await _connect(reader, writer, host, int(port))

    async with listening(accept) as address:
        proxy = ConnectProxy(address)
        yield proxy


@asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Accepts connections to its `host:port`, and never responds."""
    held: list[asyncio.StreamWriter] = []

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    async with listening(hold) as address:
        yield address
        for writer in held:
            writer.close()


def _tls_context(authority: Authority) -> ssl.SSLContext:
    pair = authority.issue("engine")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2"])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.cert)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "engine.pem"
        file.write_text(pair.cert + pair.key)
        context.load_cert_chain(file)
    return context


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int) -> None:
    inner_reader, inner_writer = await asyncio.open_connection(host, port)
    await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()
