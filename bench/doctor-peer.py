"""Connects as KuFlow's own Python SDK does, with the given files, and prints how that ends."""

import asyncio
import os
import sys

from kuflow_rest import KuFlowRestClient
from kuflow_temporal_worker import KuFlowConfig, KuFlowTemporalConnection, TemporalClientConfig, TemporalConfig
from temporalio.client import TLSConfig


def read(name: str) -> bytes:
    with open(os.path.join("tls", name), "rb") as file:
        return file.read()


async def main() -> None:
    rest_client = KuFlowRestClient(
        endpoint=os.environ["KUFLOW_API_ENDPOINT"],
        client_id=os.environ["KUFLOW_API_CLIENTID"],
        client_secret=os.environ["KUFLOW_API_CLIENTSECRET"],
    )
    tls = TLSConfig(client_cert=read("client.pem"), client_private_key=read("client.key"), server_root_ca_cert=read("ca.pem"))
    connection = KuFlowTemporalConnection(
        kuflow=KuFlowConfig(rest_client=rest_client),
        temporal=TemporalConfig(
            client=TemporalClientConfig(target_host=os.environ["TEMPORAL_TARGET"], namespace="tenant-1", tls=tls)
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
