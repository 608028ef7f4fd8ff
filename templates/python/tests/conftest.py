import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from example_worker.kuflow.payloads import data_converter

from .support.scripted_server import ScriptedServer, scripted_server


async def start_server() -> AbstractAsyncContextManager[WorkflowEnvironment]:
    """Starts Temporal's test server, which skips time while a workflow waits."""
    installed = Path(sys.executable).with_name("temporal-test-server")
    # Without it, the SDK downloads the server.
    path = str(installed) if installed.exists() else None
    return await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(), test_server_existing_path=path
    )


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A test server for one test. It stops skipping time after a workflow task has failed."""
    async with await start_server() as environment:
        yield environment


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """KuFlow's API, with the responses that a test sets."""
    async with scripted_server() as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def shared_environment() -> AsyncIterator[WorkflowEnvironment]:
    """A test server for tests that do not skip time."""
    async with await start_server() as environment:
        yield environment
