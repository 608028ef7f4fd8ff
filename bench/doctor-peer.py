"""Connects as KuFlow's own Python SDK does, with the given files, and prints how that ends."""

import asyncio
import os
import sys

from kuflow_rest import KuFlowRestClient
from kuflow_temporal_worker import KuFlowConfig, KuFlowTemporalConnection, TemporalClientConfig, TemporalConfig
from temporalio.client import TLSConfig


def read(part: str) -> bytes | None:
    path = os.environ.get(f"TLS_{part}")
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()


async def main() -> None:
    rest_client = KuFlowRestClient(
        endpoint=os.environ["KUFLOW_API_ENDPOINT"],
        client_id=os.environ.get("KUFLOW_API_CLIENTID"),
        client_secret=os.environ.get("KUFLOW_API_CLIENTSECRET"),
    )
    tls = TLSConfig(client_cert=read("cert"), client_private_key=read("key"), server_root_ca_cert=read("ca"))
    connection = KuFlowTemporalConnection(
        kuflow=KuFlowConfig(rest_client=rest_client),
        temporal=TemporalConfig(
            client=TemporalClientConfig(target_host=os.environ["TEMPORAL_TARGET"], namespace=os.environ.get("TEMPORAL_NAMESPACE", "default"), tls=tls)
        ),
    )
    await connection.connect()


try:
    asyncio.run(asyncio.wait_for(main(), 12))
    print("connects")
except BaseException as error:
    print(f"{type(error).__name__}: {error}".strip())
sys.stdout.flush()
os._exit(0)
