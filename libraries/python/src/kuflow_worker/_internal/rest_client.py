import asyncio
import json
import random
import re
import ssl
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Any, Literal

import httpx

from .metrics import Metrics
from .operations import Method
from .proxy import proxy_for
from .secret import Secret
from .settings import Settings

# Seconds.
MAX_RETRY_DELAY = 3
# As long as the longest pause between two attempts of an activity, so that no header parks a process for a day.
MAX_RETRY_AFTER = 300
TIMEOUT = httpx.Timeout(30, connect=10)


@dataclass(frozen=True, slots=True)
class RestFile:
    """Sent instead of a body. `size` is in bytes."""

    content: AsyncIterable[bytes]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRequest:
    operation: str
    """KuFlow's name of the operation, for logs and metrics."""
    method: Method
    path: str
    """Relative to the version segment."""
    query: Mapping[str, Any] | None = None
    """Sequences become repeated parameters."""
    body: Any = field(default=None, repr=False)
    content_type: Literal["application/json", "application/json-patch+json"] = "application/json"
    file: RestFile | None = None
    """A call with a file is not repeated, because its content can be read only once."""
    once: bool = False


@dataclass(frozen=True, slots=True)
class RestResponse:
    """A successful response. `body` is None if it is empty. The names in `headers` are in lower case."""

    body: Any = field(repr=False)
    headers: Mapping[str, str]


class RestError(Exception):
    """A failed call to KuFlow's API. `status` is set if KuFlow responded."""

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
        timed_out: bool = False,
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.details = details
        """The body of KuFlow's error response."""
        self.retry_after = retry_after
        """How long KuFlow asked to wait, in seconds."""
        self.timed_out = timed_out


class RestClient:
    """Calls KuFlow's REST API with the credentials of the application. A failed call is repeated once at most."""

    def __init__(self, http: httpx.AsyncClient, endpoint: str, metrics: Metrics) -> None:
        self._http = http
        self._endpoint = endpoint
        self._metrics = metrics

    async def call(self, request: RestRequest) -> RestResponse:
        """Sends a request and reads the JSON of the response. Raises `RestError`."""
        try:
            return await self._attempt(request)
        except RestError as error:
            await _wait_before_retry(request, error)
        return await self._attempt(request)

    @asynccontextmanager
    async def download(self, request: RestRequest) -> AsyncIterator[AsyncIterator[bytes]]:
        """The body of the response in chunks. Raises `RestError`."""
        try:
            response = await self._open(request)
        except RestError as error:
            await _wait_before_retry(request, error)
            response = await self._open(request)
        try:
            yield self._read_chunks(request, response)
        finally:
            await response.aclose()

    def use_credentials(self, client_id: str, client_secret: Secret) -> None:
        """Takes effect from the next call on."""
        self._http.auth = httpx.BasicAuth(client_id, client_secret.reveal())

    async def close(self) -> None:
        await self._http.aclose()

    async def _attempt(self, request: RestRequest) -> RestResponse:
        response = await self._open(request)
        text = b"".join([chunk async for chunk in self._read_chunks(request, response)])
        try:
            body = json.loads(text) if text else None
        except ValueError:
            raise RestError(
                f"{self._describe(request)}: {response.status_code} with a body that is not JSON; "
                "check that the endpoint is a KuFlow API",
                operation=request.operation,
            ) from None
        return RestResponse(body, response.headers)

    async def _open(self, request: RestRequest) -> httpx.Response:
        """Sends a request and returns the response if it is a success. Its body has not been read."""
        try:
            response = await self._http.send(self._build(request), stream=True)
        except httpx.RequestError as error:
            raise self._no_response(request, error) from _system_error(error)
        status = response.status_code
        self._metrics.rest_call(request.operation, status)
        if response.is_success:
            return response
        text = b"".join([chunk async for chunk in self._read_chunks(request, response)])
        # Redirects are not followed, and must not be mistaken for success.
        if status < 400:
            raise RestError(
                f"{self._describe(request)}: {status}{_redirect_target(response)} is not a KuFlow API response; "
                "check the endpoint",
                operation=request.operation,
            )
        details = _parse_object(text)
        raise RestError(
            f"{self._describe(request)}: {status} {details.get('message') or '' if details else ''}".strip(),
            operation=request.operation,
            status=status,
            details=details,
            retry_after=_parse_retry_after(response.headers.get("retry-after")),
        )

    def _build(self, request: RestRequest) -> httpx.Request:
        headers = {}
        content: bytes | AsyncIterable[bytes] | None = None
        if request.file is not None:
            headers = {"content-type": "application/octet-stream", "content-length": str(request.file.size)}
            content = request.file.content
        elif request.body is not None:
            headers = {"content-type": request.content_type}
            content = json.dumps(request.body, allow_nan=False).encode()
        query = {name: value for name, value in (request.query or {}).items() if value is not None}
        return self._http.build_request(
            request.method, f"{self._endpoint}{request.path}", params=query or None, headers=headers, content=content
        )

    async def _read_chunks(self, request: RestRequest, response: httpx.Response) -> AsyncIterator[bytes]:
        try:
            async for chunk in response.aiter_bytes():
                yield chunk
        except httpx.RequestError as error:
            raise self._no_response(request, error) from _system_error(error)

    def _no_response(self, request: RestRequest, error: httpx.RequestError) -> RestError:
        self._metrics.rest_call(request.operation, "error")
        return RestError(
            f"{self._describe(request)}: no response",
            operation=request.operation,
            timed_out=isinstance(error, httpx.TimeoutException),
        )

    def _describe(self, request: RestRequest) -> str:
        return f"{request.method} {self._endpoint}{request.path}"


def create_rest_client(settings: Settings, metrics: Metrics, name: str) -> RestClient:
    """`name` is that of the project, for the `User-Agent`."""
    api = settings.api
    http = httpx.AsyncClient(
        auth=httpx.BasicAuth(api.client_id, api.client_secret.reveal()),
        headers={"accept": "application/json, application/octet-stream", "user-agent": user_agent(name)},
        verify=_ssl_context(api.ca),
        proxy=proxy_for(settings, api.endpoint),
        trust_env=False,
        timeout=TIMEOUT,
        # Calls do not wait for each other.
        limits=httpx.Limits(max_keepalive_connections=20),
    )
    return RestClient(http, api.endpoint, metrics)


def user_agent(name: str) -> str:
    """How the worker identifies itself: the version of this library, and the name of its project.

    Temporal's SDK does not let a worker change the name of its client, so this is part of the identity.
    """
    # A header must not contain other characters.
    project = re.sub(r"[^\w@/.~-]", "_", name, flags=re.ASCII)
    return f"kuflow-worker-python/{version('kuflow-worker')} ({project})"


def _ssl_context(ca: str | None) -> ssl.SSLContext:
    """Trusts httpx's root certificates, those of this system, and `ca`."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    # Python sets this flag since 3.13. It rejects many corporate CAs that curl and Node.js accept.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if ca is not None:
        context.load_verify_locations(cadata=ca)
    return context


async def _wait_before_retry(request: RestRequest, error: RestError) -> None:
    """Raises the error if the request must not be repeated."""
    if error.status is None:
        is_retryable = error.__cause__ is not None
    else:
        is_retryable = error.status in (408, 429) or (error.status >= 500 and error.status not in (501, 505))
    delay = error.retry_after if error.retry_after is not None else random.uniform(0.5, 1)
    if not is_retryable or request.once or request.file is not None or delay > MAX_RETRY_DELAY:
        raise error
    await asyncio.sleep(delay)


def _system_error(error: httpx.RequestError) -> BaseException:
    """The error of the operating system, which httpx leaves out of the causes. Otherwise `error`."""
    at: BaseException | None = error if isinstance(error, httpx.NetworkError) else None
    while at is not None:
        if isinstance(at, BaseExceptionGroup):
            at = at.exceptions[0]
        if isinstance(at, OSError) and at.errno is not None:
            return at
        at = at.__cause__ or at.__context__
    return error


def _redirect_target(response: httpx.Response) -> str:
    """The origin of a redirect, for messages. Leaves out the query, which may contain secrets."""
    try:
        url = httpx.URL(response.headers.get("location", ""))
    except httpx.InvalidURL:
        return ""
    return f" to {url.scheme}://{url.netloc.decode()}" if url.host else ""


def _parse_object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _parse_retry_after(header: str | None) -> float | None:
    """Seconds until the time of a `Retry-After` header."""
    if header is None:
        return None
    try:
        seconds = float(header) if header.isdecimal() else parsedate_to_datetime(header).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), MAX_RETRY_AFTER)
