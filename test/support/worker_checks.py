"""Checks the connection with each of the environments from stdin, in the folder of a Python worker. Prints the results as JSON."""

import asyncio
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from kuflow_worker._internal.check import check
from kuflow_worker._internal.settings import load_settings


async def run(case):
    result = await check(
        lambda: load_settings(Path.cwd(), case["environment"]),
        lambda step: None,
        case["seconds"],
        name="checks",
        started_at=time.monotonic(),
    )
    return asdict(result) | {"limit": case["seconds"]}


async def main():
    return await asyncio.gather(*map(run, json.load(sys.stdin)))


print(json.dumps(asyncio.run(main())))
