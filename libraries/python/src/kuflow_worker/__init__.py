"""Runs the workers of KuFlow's processes.

`kuflow_worker.workflow` is for workflow code, and `kuflow_worker.testing` for tests.
"""

from ._internal.client import KuFlowClient
from ._internal.declaration import Process, Worker
from ._internal.program import run
from ._internal.rest_client import RestError
from ._internal.values import (
    FileFields,
    GroupFields,
    KuFlowFile,
    KuFlowGroup,
    KuFlowPrincipal,
    PrincipalFields,
)

__all__ = [
    "FileFields",
    "GroupFields",
    "KuFlowClient",
    "KuFlowFile",
    "KuFlowGroup",
    "KuFlowPrincipal",
    "PrincipalFields",
    "Process",
    "RestError",
    "Worker",
    "run",
]
