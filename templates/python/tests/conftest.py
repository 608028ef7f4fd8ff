import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from example_worker.kuflow.payloads import data_converter


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's test server, which skips time while a workflow waits.

    Each test has its own, which starts in 0.1 s: it skips no more time after a workflow task has failed.
    """
    installed = Path(sys.executable).with_name("temporal-test-server")
    # Without it, the SDK downloads the server.
    path = str(installed) if installed.exists() else None
    async with await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter(), test_server_existing_path=path
    ) as environment:
        yield environment
