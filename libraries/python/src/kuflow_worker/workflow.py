"""What workflow code imports from this library."""

from ._internal.model import UserActionSignal, WorkflowRequest, WorkflowResponse
from ._internal.workflow.kuflow_activities import TRANSFER, kuflow_activities, run_activity, with_options
from ._internal.workflow.kuflow_process import KuFlowProcess, SystemTaskHandle, TaskCancelled, TaskHandle
from ._internal.workflow.task import HumanTask, MessageTask, SystemTask, ThreadTask

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
