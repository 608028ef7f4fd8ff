"""The processes of this worker."""

from kuflow_worker import Process

from .loan.activities import LoanActivities
from .loan.workflow import LoanWorkflow

PROCESSES = [
    Process(LoanWorkflow, [LoanActivities]),
]
