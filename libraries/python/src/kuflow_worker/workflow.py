"""What workflow code imports from this library."""

from ._internal.model import ActionRequest, ActionResponse, UserActionSignal, WorkflowRequest, WorkflowResponse
from ._internal.workflow.all_of import all_of
from ._internal.workflow.kuflow_activities import TRANSFER, run_activity, with_options
from ._internal.workflow.kuflow_process import KuFlowProcess, TaskCancelled, TaskHandle
from ._internal.workflow.rejections import CallRejected, fail_on_rejection
from ._internal.workflow.task import HumanTask, MessageTask, SignalAction, SystemTask, ThreadTask

__all__ = [
    "TRANSFER",
    "ActionRequest",
    "ActionResponse",
    "CallRejected",
    "HumanTask",
    "KuFlowProcess",
    "MessageTask",
    "SignalAction",
    "SystemTask",
    "TaskCancelled",
    "TaskHandle",
    "ThreadTask",
    "UserActionSignal",
    "WorkflowRequest",
    "WorkflowResponse",
    "all_of",
    "fail_on_rejection",
    "run_activity",
    "with_options",
]
