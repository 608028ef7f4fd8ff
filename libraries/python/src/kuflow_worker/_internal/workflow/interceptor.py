import asyncio
from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from ..encryption import key_id_of
from ..logs import remember_run
from .item_context import with_item
from .kuflow_process import log_ignored_signal
from .rejections import with_rejections


class WorkflowInterceptor(Interceptor):
    """Tells activities their items, and ignores signals without a handler."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        info = workflow.info()
        remember_run(info.run_id, info.workflow_id, info.workflow_type)
        # Fails before the workflow begins if the process is confidential, but its headers do not name a key.
        key_id_of(input.headers)
        # After the workflow code up to its first `await`: it sets handlers for signals that have already arrived.
        asyncio.get_running_loop().call_soon(_ignore_unknown_signals)
        return await self.next.execute_workflow(input)


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        input.headers = with_rejections(with_item(input.headers))
        return self.next.start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        input.headers = with_rejections(with_item(input.headers))
        return self.next.start_local_activity(input)


def _ignore_unknown_signals() -> None:
    ignored: set[str] = set()

    def ignore(name: str, _arguments: Sequence[RawValue]) -> None:
        if name not in ignored:
            ignored.add(name)
            log_ignored_signal(name)

    if workflow.get_dynamic_signal_handler() is None:
        workflow.set_dynamic_signal_handler(ignore)
