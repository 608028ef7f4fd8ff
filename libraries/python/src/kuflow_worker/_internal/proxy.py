from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import httpx

if TYPE_CHECKING:
    from .settings import Settings


def is_loopback(host: str) -> bool:
    """Whether connections to this host stay on this machine."""
    name = host.lower().strip("[]").removesuffix(".")
    return name in ("localhost", "::1") or name.endswith(".localhost") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", name))


def proxy_for(settings: Settings, address: str) -> httpx.URL | None:
    """The proxy to use for an address such as `host:port` or `https://host/path`, or None for a direct connection.

    Loopback addresses are never proxied. NO_PROXY follows the rules of Python's `urllib`.
    """
    proxy = settings.temporal.proxy
    url = httpx.URL(address if "://" in address else f"https://{address}")
    if proxy is None or is_loopback(url.host):
        return None
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or (80 if url.scheme == "http" else 443)
    excluded = re.sub(r"[\s,]+", ",", settings.temporal.no_proxy).replace("*.", ".")
    is_excluded = proxy_bypass_environment(f"{host.removesuffix('.')}:{port}", {"no": excluded})
    return None if is_excluded else httpx.URL(proxy.reveal())
