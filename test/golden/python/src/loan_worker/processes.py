"""The processes of this worker."""

from collections.abc import Callable

from .kuflow.client import KuFlowClient
from .loan.activities import LoanActivities
from .loan.workflow import LoanWorkflow

WORKFLOWS: list[type] = [
    LoanWorkflow,
]

# Their constructors get the client for KuFlow.
ACTIVITIES: list[Callable[[KuFlowClient], object]] = [
    LoanActivities,
]
