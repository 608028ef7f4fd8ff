from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from kuflow_worker._internal.pytest_plugin import start_environment

from .support.scripted_server import ScriptedServer, scripted_server


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """KuFlow's API, with the responses that a test sets."""
    async with scripted_server() as server:
        yield server


@pytest_asyncio.fixture(scope="session")
async def shared_environment() -> AsyncIterator[WorkflowEnvironment]:
    """A test server for tests that do not skip time."""
    async with await start_environment() as environment:
        yield environment
