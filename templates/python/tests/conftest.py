import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from example_worker.kuflow.payloads import data_converter


@pytest_asyncio.fixture(scope="session")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's test server, which skips time while a workflow waits."""
    installed = Path(sys.executable).with_name("temporal-test-server")
    # Without it, the SDK downloads the server.
    path = str(installed) if installed.exists() else None
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(), test_server_existing_path=path
    ) as environment:
        yield environment
