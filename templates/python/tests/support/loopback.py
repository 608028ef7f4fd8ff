import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class LoopbackServer:
    """An HTTP server on this machine. It responds with 404 until a test sets another response."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self._responses: dict[str, tuple[int, Any, dict[str, str]]] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                content = self.rfile.read(int(self.headers.get("content-length", 0)))
                path = self.path.split("?")[0].removeprefix("/v2024-06-14")
                body = json.loads(content) if content else None
                outer.requests.append(ReceivedRequest(self.command, path, dict(self.headers), body))
                status, answer, headers = outer._responses.get(f"{self.command} {path}", (404, {}, {}))
                text = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def on(self, request: str, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        """Sets the response to a request such as `POST /workers`."""
        self._responses[request] = (status, body, headers or {})

    def __enter__(self) -> "LoopbackServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
