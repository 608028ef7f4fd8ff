from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from .settings import Settings


def is_loopback(host: str) -> bool:
    """Whether connections to this host stay on this machine."""
    name = _normalize_host(host)
    return name in ("localhost", "::1") or name.endswith(".localhost") or bool(re.fullmatch(r"127(\.\d{1,3}){3}", name))


def proxy_for(settings: Settings, address: str) -> httpx.URL | None:
    """The proxy to use for an address such as `host:port` or `https://host/path`, or None for a direct connection.

    Loopback addresses are never proxied.
    """
    proxy = settings.temporal.proxy
    url = httpx.URL(address if "://" in address else f"https://{address}")
    if proxy is None or is_loopback(url.host):
        return None
    host = _normalize_host(url.host)
    port = url.port or (80 if url.scheme == "http" else 443)
    entries = re.split(r"[\s,]+", settings.temporal.no_proxy)
    if any(_is_excluded(entry, host, port) for entry in entries if entry):
        return None
    return httpx.URL(proxy.reveal())


def _is_excluded(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY applies: `*`, a subnet, or a host with its subdomains and an optional port."""
    if entry == "*":
        return True
    if "/" in entry:
        return _is_in_subnet(host, entry)
    with_port = re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d+)", entry)
    name, entry_port = (with_port[1], int(with_port[2])) if with_port else (entry, port)
    domain = re.sub(r"^\*?\.", "", _normalize_host(name))
    return entry_port == port and (host == domain or (not _is_ip(host) and host.endswith(f".{domain}")))


def _is_in_subnet(host: str, subnet: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(subnet, strict=False)
    except ValueError:
        # The entry is not a subnet, or the host is not an IP address.
        return False


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _normalize_host(host: str) -> str:
    """In lower case, without the brackets of an IPv6 address and the dot at the end of an absolute name."""
    return host.lower().strip("[]").removesuffix(".")
