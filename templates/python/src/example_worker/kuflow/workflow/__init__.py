"""What workflow code imports from this package."""

from ..model import UserActionSignal, WorkflowRequest, WorkflowResponse
from .kuflow_activities import TRANSFER, kuflow_activities, run_activity, with_options
from .kuflow_process import KuFlowProcess, SystemTaskHandle, TaskCancelled, TaskHandle
from .task import HumanTask, MessageTask, SystemTask, ThreadTask

__all__ = [
    "TRANSFER",
    "HumanTask",
    "KuFlowProcess",
    "MessageTask",
    "SystemTask",
    "SystemTaskHandle",
    "TaskCancelled",
    "TaskHandle",
    "ThreadTask",
    "UserActionSignal",
    "WorkflowRequest",
    "WorkflowResponse",
    "kuflow_activities",
    "run_activity",
    "with_options",
]
