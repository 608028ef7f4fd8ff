"""The fixtures that tests of workflows need."""

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from .fake_kuflow import fake_keys
from .local_kuflow import LocalKuFlow
from .payloads import data_converter


async def start_environment() -> AbstractAsyncContextManager[WorkflowEnvironment]:
    """Starts Temporal's time-skipping test server."""
    installed = Path(sys.executable).with_name("temporal-test-server")
    # Without it, the SDK downloads the server.
    path = str(installed) if installed.exists() else None
    return await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(fake_keys()), test_server_existing_path=path
    )


@pytest_asyncio.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping test server for one test. It stops skipping time after a workflow task has failed."""
    async with await start_environment() as environment:
        yield environment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def local_kuflow(pytestconfig: pytest.Config) -> AsyncIterator[LocalKuFlow]:
    """A local KuFlow with a worker of the project, for the whole test session."""
    async with LocalKuFlow.open(pytestconfig.rootpath) as local_kuflow:
        yield local_kuflow
