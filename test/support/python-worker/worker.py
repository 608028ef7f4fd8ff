"""A worker built only on KuFlow's own Python SDK: one task for a person, then the end."""

import asyncio
import os
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from kuflow_rest import KuFlowRestClient, models as models_rest
    from kuflow_temporal_activity_kuflow import KuFlowActivities
    from kuflow_temporal_activity_kuflow import models as models_activity
    from kuflow_temporal_worker import KuFlowConfig, KuFlowTemporalConnection, TemporalClientConfig, TemporalConfig, TemporalWorkerConfig
    from kuflow_temporal_workflow_kuflow import models as models_workflow
    from kuflow_temporal_workflow_kuflow import uuid7

LIMITS = {"start_to_close_timeout": timedelta(minutes=1), "schedule_to_close_timeout": timedelta(days=365)}


@workflow.defn(name="LoanWorkflow")
class LoanWorkflow:
    def __init__(self) -> None:
        self._completed: list[str] = []

    @workflow.signal(name=models_workflow.KUFLOW_ENGINE_SIGNAL_PROCESS_ITEM)
    async def process_item(self, signal: models_workflow.SignalProcessItem) -> None:
        self._completed.append(str(signal.id))

    @workflow.run
    async def run(self, request: models_workflow.WorkflowRequest) -> models_workflow.WorkflowResponse:
        item_id = str(uuid7())
        await workflow.execute_activity(
            KuFlowActivities.create_process_item,
            models_activity.ProcessItemCreateRequest(
                id=item_id,
                type=models_rest.ProcessItemType.TASK,
                process_id=request.process_id,
                process_item_definition_code="LOAN_APPLICATION",
            ),
            **LIMITS,
        )
        await workflow.wait_condition(lambda: item_id in self._completed)
        answer = await workflow.execute_activity(
            KuFlowActivities.retrieve_process_item,
            models_activity.ProcessItemRetrieveRequest(process_item_id=item_id),
            **LIMITS,
        )
        await workflow.execute_activity(
            KuFlowActivities.patch_process_metadata,
            models_activity.ProcessMetadataPatchRequest(
                process_id=request.process_id,
                json_patch=[
                    models_rest.JsonPatchOperation(
                        op="add", path="/firstName", value=answer.process_item.task.data.value["firstName"]
                    )
                ],
            ),
            **LIMITS,
        )
        return models_workflow.WorkflowResponse(message="done")


async def main() -> None:
    rest_client = KuFlowRestClient(
        endpoint=os.environ["KUFLOW_API_ENDPOINT"],
        client_id=os.environ["KUFLOW_API_CLIENTID"],
        client_secret=os.environ["KUFLOW_API_CLIENTSECRET"],
    )
    connection = KuFlowTemporalConnection(
        kuflow=KuFlowConfig(rest_client=rest_client),
        temporal=TemporalConfig(
            client=TemporalClientConfig(target_host=os.environ["TEMPORAL_TARGET"]),
            worker=TemporalWorkerConfig(
                task_queue="LOAN_QUEUE",
                workflows=[LoanWorkflow],
                activities=KuFlowActivities(rest_client).activities,
                debug_mode=True,
            ),
        ),
    )
    await connection.run_worker()


if __name__ == "__main__":
    asyncio.run(main())
