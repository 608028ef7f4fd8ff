import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from .loopback import listening


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: Any = None
    """Sent as JSON, unless it is bytes."""
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    """Whether the connection ends in the middle of the body."""


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    call: str
    """Method, path and query."""
    headers: dict[str, str]
    content: bytes


Respond = Callable[[ReceivedRequest], Awaitable[Reply | None]]


class ScriptedServer:
    """An HTTP server on this machine whose responses a test sets. It responds with 404 to other requests."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self.replies: dict[str, list[Reply]] = {}
        """Replies to `METHOD /path?query`, in order. The last one repeats."""
        self.respond: Respond = self._reply
        """Responds instead of `replies`. Without a reply, the connection is closed."""
        self.endpoint = ""
        self.closed = asyncio.Event()
        """Set when a client has closed a connection."""

    @property
    def calls(self) -> list[str]:
        return [request.call for request in self.requests]

    async def _reply(self, request: ReceivedRequest) -> Reply | None:
        replies = self.replies.get(request.call, [Reply(404, {"status": 404, "message": "no"})])
        return replies.pop(0) if len(replies) > 1 else replies[0]

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
            line, *fields = head.split("\r\n")
            method, target, _ = line.split(" ")
            headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in fields)}
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            request = ReceivedRequest(f"{method} {target.removeprefix('/v2024-06-14')}", headers, content)
            self.requests.append(request)
            responding = asyncio.ensure_future(self.respond(request))
            # A client sends nothing else, unless it closes the connection.
            closing = asyncio.ensure_future(reader.read(1))
            await asyncio.wait([responding, closing], return_when=asyncio.FIRST_COMPLETED)
            closing.cancel()
            if responding.cancel():
                return
            reply = responding.result()
            if reply is not None:
                writer.write(_format(reply))
                await writer.drain()
        finally:
            writer.close()
            self.closed.set()


def _format(reply: Reply) -> bytes:
    content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body or {}).encode()
    length = len(content) + (100 if reply.is_cut else 0)
    headers = {"content-length": length, "connection": "close", **reply.headers}
    lines = [f"HTTP/1.1 {reply.status} -", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + content


@asynccontextmanager
async def scripted_server(**options: Any) -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    scheme = "https" if "ssl" in options else "http"
    async with listening(scripted.accept, **options) as address:
        scripted.endpoint = f"{scheme}://{address}/v2024-06-14"
        yield scripted
