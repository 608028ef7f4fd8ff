import asyncio
import socket
from collections.abc import Callable

REQUEST_TIMEOUT = 5.0
STATUSES = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


class HealthServer:
    def __init__(self, server: asyncio.Server) -> None:
        self._server = server
        self.host, self.port = server.sockets[0].getsockname()[:2]

    def close(self) -> None:
        self._server.close()


async def start_health_server(port: int, not_ready: Callable[[], str | None], host: str | None = None) -> HealthServer:
    """Serves `/livez` (the process is running) and `/readyz` (`not_ready` returns no reason).

    Port 0 uses any free port. Without a host, it listens on all addresses.
    """

    def respond(path: str) -> tuple[int, str]:
        if path == "/livez":
            return 200, "ok"
        if path != "/readyz":
            return 404, "not found"
        reason = not_ready()
        return (200, "ok") if reason is None else (503, reason)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                request = await reader.readuntil(b"\r\n\r\n")
                target = request.split(maxsplit=2)[1].decode("latin-1")
                status, body = respond(target.partition("?")[0])
                writer.write(
                    f"HTTP/1.1 {status} {STATUSES[status]}\r\n"
                    "content-type: text/plain; charset=utf-8\r\ncache-control: no-store\r\nconnection: close\r\n"
                    f"content-length: {len(body.encode()) + 1}\r\n\r\n{body}\n".encode()
                )
                await writer.drain()
        except (TimeoutError, OSError, EOFError, asyncio.LimitOverrunError, IndexError):
            pass  # Not a complete HTTP request, or nobody waits for the response.
        finally:
            writer.close()

    return HealthServer(await asyncio.start_server(handle, sock=_listen(port, host)))


def _listen(port: int, host: str | None) -> socket.socket:
    if host is None and socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server((host or "", port))
