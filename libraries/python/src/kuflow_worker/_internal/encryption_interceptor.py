from typing import Any, NoReturn

from temporalio import activity, workflow
from temporalio.worker import (
    ActivityInboundInterceptor,
    ContinueAsNewInput,
    ExecuteActivityInput,
    ExecuteWorkflowInput,
    HandleQueryInput,
    HandleUpdateInput,
    Interceptor,
    SignalChildWorkflowInput,
    SignalExternalWorkflowInput,
    StartActivityInput,
    StartChildWorkflowInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from .encryption import key_id_of, mark, mark_call


class EncryptionInterceptor(Interceptor):
    """Marks what confidential processes send, for the payload codec.

    Must be the first interceptor: the others then see the values.
    """

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _ActivityInbound(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _WorkflowInbound


class _ActivityInbound(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        key_id = key_id_of(input.headers)
        try:
            return mark(await super().execute_activity(input), key_id)
        except activity._CompleteAsyncError:
            if key_id is None:
                raise
        raise RuntimeError(
            "An activity of a confidential process cannot be completed later, because nothing would encrypt its result"
        )


def _key_id() -> str | None:
    # Not read when the workflow begins, because handlers of signals and updates can run before that.
    return key_id_of(workflow.info().headers)


class _WorkflowInbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_WorkflowOutbound(outbound))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
        return mark(await super().execute_workflow(input), _key_id())

    async def handle_query(self, input: HandleQueryInput) -> Any:
        return mark(await super().handle_query(input), _key_id())

    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        return mark(await super().handle_update_handler(input), _key_id())


class _WorkflowOutbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:
        return super().start_activity(mark_call(input, _key_id()))

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:
        return super().start_local_activity(mark_call(input, _key_id()))

    async def start_child_workflow(self, input: StartChildWorkflowInput) -> workflow.ChildWorkflowHandle[Any, Any]:
        return await super().start_child_workflow(mark_call(input, _key_id()))

    async def signal_child_workflow(self, input: SignalChildWorkflowInput) -> None:
        await super().signal_child_workflow(mark_call(input, _key_id()))

    async def signal_external_workflow(self, input: SignalExternalWorkflowInput) -> None:
        await super().signal_external_workflow(mark_call(input, _key_id()))

    def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:
        super().continue_as_new(mark_call(input, _key_id()))
