from pathlib import Path

import pytest

from kuflow_worker._internal.proxy import proxy_for
from kuflow_worker._internal.settings import load_settings

from .support.environment import ENVIRONMENT


@pytest.mark.parametrize(
    ("address", "environment", "expected"),
    [
        ("engine.example.com:443", {"HTTPS_PROXY": "http://p:3128"}, "p:3128"),
        ("https://api.example.com/v1", {"TEMPORAL_PROXY": "p:3128"}, "p:3128"),
        ("engine.example.com:443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": ".example.com"}, None),
        ("engine.example.com:443", {"HTTPS_PROXY": "http://p:3128", "no_proxy": "*.example.com"}, None),
        ("engine.example.com:443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "a, engine.example.com:80"}, "p:3128"),
        ("notexample.com:443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "example.com"}, "p:3128"),
        ("engine.example.com:443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "a engine.example.com:443"}, None),
        ("[fd00::1]:443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "[fd00::1]"}, None),
        ("engine.example.com:443", {"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*"}, None),
        ("engine.example.com:443", {"TEMPORAL_PROXY": "http://p:3128", "NO_PROXY": "*"}, "p:3128"),
        ("engine.example.com:443", {"TEMPORAL_PROXY": "none", "HTTPS_PROXY": "http://p:3128"}, None),
        ("127.0.0.1:443", {"TEMPORAL_PROXY": "http://p:3128"}, None),
        ("[::1]:443", {"TEMPORAL_PROXY": "http://p:3128"}, None),
        ("https://localhost:8443", {"HTTPS_PROXY": "http://p:3128"}, None),
    ],
)
def test_is_not_used_for_loopback_addresses_and_for_hosts_in_no_proxy(
    address: str, environment: dict[str, str], expected: str | None, tmp_path: Path
) -> None:
    proxy = proxy_for(load_settings(tmp_path, ENVIRONMENT | environment), address)
    assert (proxy.netloc.decode() if proxy else None) == expected
