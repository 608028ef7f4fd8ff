import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from temporalio.api.history.v1 import ActivityTaskScheduledEventAttributes
from temporalio.client import WorkflowFailureError, WorkflowHistory
from temporalio.exceptions import CancelledError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from kuflow_worker._internal.activities import create_kuflow_activities
from kuflow_worker._internal.fake_kuflow import Answer, FakeKuFlow, Person, TaskLog
from kuflow_worker._internal.operations import Operation
from kuflow_worker._internal.process_run import ProcessRun, start_action, start_process
from kuflow_worker._internal.replay import replay
from kuflow_worker._internal.rest_client import RestError
from kuflow_worker._internal.turns import Turns
from kuflow_worker._internal.workflow_code import workflow_runner
from kuflow_worker.workflow import KuFlowProcess

from .support.trial_workflows import (
    RAISE,
    REVIEW,
    STOP,
    ActionsWorkflow,
    Check,
    ContentWorkflow,
    DeadlineWorkflow,
    DroppedTaskWorkflow,
    ExportWorkflow,
    HandlesWorkflow,
    LargeWorkflow,
    OverdueWorkflow,
    ParallelWorkflow,
    ReassignedWorkflow,
    RejectedWorkflow,
    RenamedWorkflow,
    RereadWorkflow,
    ScopeWorkflow,
    SignalsWorkflow,
    StopActivityWorkflow,
    StopWorkflow,
    StubbornDeadlineWorkflow,
    SystemWorkflow,
    TrialActivities,
)
from .test_logs import logged

REVIEWER = {"REVIEW": {"ok": True}}


def waiting(times: int) -> Person:
    """A person who leaves the first tasks until they are read again."""
    asked: list[str] = []

    def person(code: str, logs: Sequence[TaskLog]) -> Answer:
        asked.append(code)
        return "wait" if len(asked) <= times else REVIEWER.get(code, {})

    return person


async def test_reads_a_task_again_after_1_2_and_4_hours_when_its_signal_does_not_arrive(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(waiting(3))
    run = await start_process(environment, RereadWorkflow, kuflow)
    assert await run.result() == {"message": "True after 7 h"}
    # Up to 5 % later, so that tasks that were created together are not read at the same moment.
    later = 1 + int(kuflow.items[0]["id"][-4:], 16) / 0xFFFF / 20
    events = (await run.history()).events
    waits = [
        event.timer_started_event_attributes for event in events if event.HasField("timer_started_event_attributes")
    ]
    hours = [wait.start_to_fire_timeout.ToMilliseconds() / 3_600_000 for wait in waits]
    assert hours == pytest.approx([later, 2 * later, 4 * later], abs=1e-6)
    assert 1 <= later <= 1.05


async def test_creates_an_item_once_even_if_the_response_to_its_creation_is_lost(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(REVIEWER)
    kuflow.lose_responses(1)
    run = await start_process(environment, RereadWorkflow, kuflow)
    assert await run.result() == {"message": "True after 0 h"}
    assert kuflow.item_codes == ["REVIEW"]
    assert UUID(kuflow.items[0]["id"]).version == 7


async def test_logs_to_assigns_and_cancels_tasks_with_their_handles(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(lambda _code, _logs: "wait")
    run = await start_process(environment, HandlesWorkflow, kuflow)
    assert await run.result() == {"message": "canceled SECOND"}
    assert kuflow.logs == [TaskLog("REVIEW", "WARN", "Look at this first")]
    assert kuflow.task_states == {"REVIEW": "CLAIMED", "SECOND": "CANCELLED"}


async def test_cancels_tasks_in_kuflow_when_their_scope_is_canceled(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(lambda _code, _logs: "wait")
    run = await start_process(environment, ScopeWorkflow, kuflow)
    assert await run.result() == {"message": "canceled, canceled, canceled, too late"}
    assert kuflow.item_codes == ["CHECK", "SECOND", "REVIEW", "THIRD"]
    assert set(kuflow.task_states.values()) == {"CANCELLED"}
    await replay(await run.history(), [ScopeWorkflow])


async def test_cancels_a_task_in_kuflow_even_if_its_scope_is_canceled_at_the_moment_when_the_task_is_created(
    environment: WorkflowEnvironment,
) -> None:
    created, may_respond = asyncio.Event(), asyncio.Event()

    class SlowKuFlow(FakeKuFlow):
        async def perform(self, operation: Operation[Any, Any], request: Mapping[str, Any]) -> Any:
            response = await super().perform(operation, request)
            created.set()
            await may_respond.wait()
            return response

    client, queue = environment.client, str(uuid4())
    kuflow = SlowKuFlow(lambda _code, _logs: "wait")
    kuflow.connect(client, Turns(client))

    def workflow_worker() -> Worker:
        runner = workflow_runner([StopWorkflow])
        return Worker(
            client, task_queue=queue, workflows=[StopWorkflow], workflow_runner=runner, max_cached_workflows=0
        )

    async with asyncio.timeout(30), Worker(client, task_queue=queue, activities=create_kuflow_activities(kuflow, {})):
        handle = await client.start_workflow("StopWorkflow", {"processId": queue}, id=queue, task_queue=queue)
        async with workflow_worker():
            await created.wait()
        # While no worker runs workflow code, both arrive for the same workflow task.
        await kuflow.signal(queue, "Stop", {})
        may_respond.set()
        while "ACTIVITY_TASK_COMPLETED" not in (await handle.fetch_history()).to_json():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        async with workflow_worker():
            assert await handle.result() == {"message": "canceled"}
    assert kuflow.task_states == {"REVIEW": "CANCELLED"}


async def test_replays_histories_in_which_a_task_stayed_open_when_its_scope_was_canceled() -> None:
    recorded = (Path(__file__).parent / "support" / "lost_cancellation.json").read_text()
    await replay(WorkflowHistory.from_json("recorded", recorded), [StopWorkflow])


async def test_the_replay_accepts_an_item_that_was_canceled_in_the_workflow_task_that_created_it(
    environment: WorkflowEnvironment,
) -> None:
    run = await start_process(environment, DroppedTaskWorkflow, FakeKuFlow(REVIEWER))
    assert await run.result() == {"message": "done"}
    await replay(await run.history(), [DroppedTaskWorkflow])


async def test_leaves_its_tasks_to_kuflow_when_the_whole_process_is_canceled(environment: WorkflowEnvironment) -> None:
    asked = asyncio.Event()

    def person(_code: str, _logs: Sequence[TaskLog]) -> Answer:
        asked.set()
        return "wait"

    kuflow = FakeKuFlow(person)
    run = await start_process(environment, RereadWorkflow, kuflow)
    result = asyncio.create_task(run.result())
    await asked.wait()
    await run.cancel()
    with pytest.raises(WorkflowFailureError) as failed:
        await result
    assert isinstance(failed.value.cause, CancelledError)
    assert kuflow.task_states == {"REVIEW": "READY"}


async def test_calls_on_deadline_once_and_only_if_the_task_is_still_open(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(lambda code, logs: "wait" if code == "REVIEW" and not logs else {"ok": True})
    run = await start_process(environment, DeadlineWorkflow, kuflow)
    assert await run.result() == {"message": "True []"}
    assert kuflow.logs == [TaskLog("REVIEW", "WARN", "Late")]
    await replay(await run.history(), [DeadlineWorkflow])


class RefusingKuFlow(FakeKuFlow):
    """Fails when a line is added to the log of a task."""

    attempts = 0

    async def perform(self, operation: Operation[Any, Any], request: Mapping[str, Any]) -> Any:
        if operation.name == "appendProcessItemTaskLog":
            self.attempts += 1
            raise ConnectionError("down")
        return await super().perform(operation, request)


async def test_the_person_is_asked_again_when_a_task_is_assigned(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(lambda _code, _logs: {"ok": True} if "ownerId" in kuflow.items[0] else "wait")
    run = await start_process(environment, ReassignedWorkflow, kuflow)
    assert await run.result() == {"message": "True"}


async def test_a_test_run_that_does_not_end_names_the_open_tasks_and_the_activities_that_fail(
    environment: WorkflowEnvironment,
) -> None:
    async def message_after(seconds: float) -> str:
        kuflow = RefusingKuFlow(lambda _code, _logs: "wait")
        run = await start_process(environment, StubbornDeadlineWorkflow, kuflow)
        with pytest.raises(AssertionError) as failure:
            await run.result(seconds)
        return str(failure.value)

    message = await message_after(2)
    if ": down" not in message:
        # On a busy machine, the activity has not failed yet.
        message = await message_after(25)
    # It may be reading the task again at this moment.
    failing = r"^Activity KuFlow_Engine_appendProcessItemTaskLog, attempt \d+: down$"
    assert re.match(r"The workflow has not ended within \d+ s\nOpen task: REVIEW \(READY\)\n", message)
    assert re.search(failing, message, re.MULTILINE)


async def test_a_deadline_does_not_hide_that_the_task_is_completed_while_on_deadline_retries_an_activity(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = RefusingKuFlow(lambda _code, _logs: {"ok": True} if kuflow.attempts > 1 else "wait")
    run = await start_process(environment, StubbornDeadlineWorkflow, kuflow)
    assert await run.result() == {"message": "True"}


async def test_waits_for_a_fix_when_a_deadline_is_not_in_the_future_and_the_test_ends_at_once(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(REVIEWER)
    run = await start_process(environment, OverdueWorkflow, kuflow)
    with pytest.raises(AssertionError, match="The deadline of REVIEW is not in the future: 1970-01-01T00:00:00.000Z"):
        await run.result()
    assert kuflow.items == []


async def test_a_deadline_requires_on_deadline() -> None:
    process: Any = None
    with pytest.raises(TypeError, match="deadline and on_deadline must be set together"):
        await KuFlowProcess.human_task(process, REVIEW, deadline=timedelta(days=1))


async def test_completes_system_tasks_with_valid_data_only_and_its_log_lines_carry_process_item_and_workflow_type(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(REVIEWER)
    with logged() as log:
        run = await start_process(environment, SystemWorkflow, kuflow, [TrialActivities()])
        invalid = "The data of CHECK does not match its schema: /score must match minimum 10"
        assert await run.result() == {"message": f"InvalidTaskData: {invalid}"}
    names = {"processId": run.process_id, "workflowType": "SystemWorkflow"}
    in_task, out_of_task = (
        next(line for line in log.lines if line["message"] == message) for message in ("In the task", "Out of the task")
    )
    assert in_task.items() >= {**names, "processItemId": kuflow.items[1]["id"]}.items()
    assert out_of_task.items() >= names.items()
    assert "processItemId" not in out_of_task
    assert [item["task"]["state"] for item in kuflow.items] == ["COMPLETED", "CANCELLED"]
    assert kuflow.items[0]["task"]["data"]["value"] == {"score": 36}


async def test_creates_messages_and_threads_without_waiting_and_changes_single_fields_of_its_metadata(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(REVIEWER, {"name": "Ada", "age": 36, "other": True})
    run = await start_process(environment, ContentWorkflow, kuflow)
    assert await run.result() == {"message": "Ada"}
    assert [item["type"] for item in kuflow.items] == ["MESSAGE", "MESSAGE", "THREAD"]
    data = {"data": {"value": {"ok": True}}, "dataStructureDataDefinitionCode": "RESULT"}
    assert kuflow.items[0]["message"] == {"text": "Done", **data}
    assert kuflow.items[1]["message"] == {"text": "Only text"}
    assert kuflow.metadata == {"name": "Ada", "age": 37, "other": True, "a/b~c": []}


async def test_cannot_be_replayed_with_code_that_creates_different_items(environment: WorkflowEnvironment) -> None:
    run = await start_process(environment, ContentWorkflow, FakeKuFlow(REVIEWER, {"name": "Ada", "age": 36}))
    await run.result()
    history = await run.history()
    await replay(history, [ContentWorkflow])
    changed = "Item 3 of the process is THREAD DISCUSSION in the history, but the workflow code creates THREAD RENAMED"
    with pytest.raises(AssertionError, match=changed):
        await replay(history, [RenamedWorkflow])


async def test_handles_signals_that_arrive_before_it_starts_and_logs_each_unknown_signal_once(
    environment: WorkflowEnvironment, caplog: pytest.LogCaptureFixture
) -> None:
    kuflow = FakeKuFlow(REVIEWER)
    run = await start_process(environment, SignalsWorkflow, kuflow)
    for _ in range(2):
        await kuflow.signal(run.process_id, "Unknown_Signal", "x")
        await kuflow.signal(run.process_id, "KuFlow_Engine_Signal_Process_Item", {"type": "UNKNOWN"})
        await kuflow.signal(run.process_id, "KuFlow_Engine_Signal_Process_Item", "x")
    await kuflow.signal(run.process_id, "First", {"userActionDefinitionCode": "STOP", "requestTime": 1})
    await kuflow.signal(run.process_id, "Second", "go")
    assert await run.result() == {"message": "STOP, go"}
    ignored = [record for record in caplog.records if record.getMessage().startswith("Ignored a signal")]
    item_signal = "KuFlow_Engine_Signal_Process_Item"
    assert sorted((vars(record)["signal"], vars(record)["type"]) for record in ignored) == [
        (item_signal, "None"),
        (item_signal, "UNKNOWN"),
        ("Unknown_Signal", ""),
    ]


async def test_handles_actions_by_their_codes_even_if_their_signals_have_the_same_name(
    environment: WorkflowEnvironment, caplog: pytest.LogCaptureFixture
) -> None:
    kuflow = FakeKuFlow(lambda _code, _logs: "wait")
    run = await start_process(environment, ActionsWorkflow, kuflow)
    # Arrives before the workflow begins.
    await kuflow.act(run.process_id, RAISE, Check(score=1))
    for payload in ({"userActionDefinitionCode": "OTHER"}, {"userActionDefinitionCode": "OTHER"}, "x"):
        await kuflow.signal(run.process_id, "Change", payload)
    run.after(timedelta(minutes=1), lambda: kuflow.act(run.process_id, RAISE, Check(score=2)))
    run.after(timedelta(days=1), lambda: kuflow.act(run.process_id, STOP))
    assert await run.result() == {"message": "True [1, 2]"}
    assert kuflow.task_states == {"REVIEW": "CANCELLED"}
    ignored = [record for record in caplog.records if record.getMessage().startswith("Ignored a signal")]
    assert [(vars(record)["signal"], vars(record)["type"]) for record in ignored] == [
        ("Change", "OTHER"),
        ("Change", "None"),
    ]
    await replay(await run.history(), [ActionsWorkflow])


async def test_handles_an_early_action_whose_signal_another_action_handles_already(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(lambda _code, _logs: "wait")
    run = await start_process(environment, ActionsWorkflow, kuflow)
    await kuflow.act(run.process_id, STOP)
    assert await run.result() == {"message": "True []"}
    await replay(await run.history(), [ActionsWorkflow])


async def test_canceling_code_that_runs_an_activity_cancels_the_code(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow({})
    run = await start_process(environment, StopActivityWorkflow, kuflow, [TrialActivities()])
    run.after(timedelta(days=1), lambda: kuflow.act(run.process_id, STOP))
    assert await run.result() == {"message": "canceled True"}
    await replay(await run.history(), [StopActivityWorkflow])


async def test_runs_the_workflow_of_an_action(environment: WorkflowEnvironment) -> None:
    run = await start_action(environment, ExportWorkflow, FakeKuFlow({}), "EXPORT", [TrialActivities()])
    assert await run.result() == {"downloadable": {"documentUri": f"ku:process/{run.process_id}/document/6"}}
    await replay(await run.history(), [ExportWorkflow])


async def test_refuses_large_payloads_before_they_are_sent_with_process_activity_and_size(
    environment: WorkflowEnvironment,
) -> None:
    kuflow = FakeKuFlow(REVIEWER)
    with logged() as log:
        run = await start_process(environment, LargeWorkflow, kuflow, [TrialActivities()], max_payload_bytes=100_000)
        refused = f"Process {run.process_id}: the input of activity length_of is 150002 bytes; the limit is 100000"
        with pytest.raises(AssertionError, match=refused):
            await run.result()
    [failure] = [line for line in log.lines if refused in line.get("error", "")]
    assert failure["processId"] == run.process_id
    result = f"Process {run.process_id}: the result of activity text_of is 150002 bytes"
    assert [line for line in log.lines if line["message"].startswith("Refused") and result in line["message"]]
    assert "kuflow-purpose" not in str((await run.history()).to_json())


async def test_retries_activities_for_a_year_with_a_minute_for_each_attempt_and_ten_for_a_transfer(
    environment: WorkflowEnvironment,
) -> None:
    run = await start_process(environment, SystemWorkflow, FakeKuFlow(REVIEWER), [TrialActivities()])
    await run.result()
    scheduled = await scheduled_activities(run)
    minutes = {}
    for activity in scheduled:
        assert activity.schedule_to_close_timeout.ToTimedelta().days == 365
        assert activity.retry_policy.maximum_interval.ToTimedelta().seconds == 300
        assert activity.retry_policy.maximum_attempts == 0
        timeouts = (activity.start_to_close_timeout, activity.heartbeat_timeout)
        minutes[activity.activity_type.name] = [timeout.ToSeconds() / 60 for timeout in timeouts]
    assert minutes["KuFlow_Engine_createProcessItem"] == [1, 0]
    assert minutes["check"] == [10, 1]


async def scheduled_activities(run: ProcessRun) -> list[ActivityTaskScheduledEventAttributes]:
    events = (await run.history()).events
    return [
        event.activity_task_scheduled_event_attributes
        for event in events
        if event.HasField("activity_task_scheduled_event_attributes")
    ]


async def test_waits_for_parallel_tasks(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow({"REVIEW": {"ok": True}, "SECOND": {"a": 1}})
    run = await start_process(environment, ParallelWorkflow, kuflow)
    assert await run.result() == {"message": "True {'a': 1}"}


async def test_cancels_the_other_parallel_tasks_in_kuflow_if_one_is_canceled(environment: WorkflowEnvironment) -> None:
    kuflow = FakeKuFlow(lambda code, _logs: "cancel" if code == "SECOND" else "wait")
    run = await start_process(environment, ParallelWorkflow, kuflow)
    assert await run.result() == {"message": "canceled SECOND"}
    assert kuflow.task_states == {"REVIEW": "CANCELLED", "SECOND": "CANCELLED"}
    await replay(await run.history(), [ParallelWorkflow])


class RejectingKuFlow(FakeKuFlow):
    """Rejects the creation of items with these statuses, and then accepts it."""

    def __init__(self, *statuses: int) -> None:
        super().__init__(REVIEWER)
        self._statuses = list(statuses)

    async def perform(self, operation: Operation[Any, Any], request: Mapping[str, Any]) -> Any:
        if operation.name == "createProcessItem" and self._statuses:
            status = self._statuses.pop(0)
            raise RestError("no", operation=operation.name, status=status, details={"message": "not valid"})
        return await super().perform(operation, request)


async def test_raises_a_rejected_call_that_is_not_retried(environment: WorkflowEnvironment) -> None:
    run = await start_process(environment, RejectedWorkflow, RejectingKuFlow(400))
    assert await run.result() == {"message": "createProcessItem 400 not valid"}
    await replay(await run.history(), [RejectedWorkflow])


async def test_retries_a_call_that_was_not_rejected_because_of_its_data(environment: WorkflowEnvironment) -> None:
    kuflow = RejectingKuFlow(401, 403, 408, 429, 503)
    run = await start_process(environment, RejectedWorkflow, kuflow)
    assert await run.result() == {"message": "created"}
    assert kuflow.task_states == {"REVIEW": "COMPLETED"}


async def test_a_test_acts_while_the_process_runs_and_after_a_duration(environment: WorkflowEnvironment) -> None:
    answers: dict[str, Answer] = {}
    seen: list[str] = []
    kuflow = FakeKuFlow(lambda code, _logs: answers.get(code, "wait"))
    run = await start_process(environment, RereadWorkflow, kuflow)

    async def act(name: str) -> None:
        seen.append(name)

    async def decide() -> None:
        answers["REVIEW"] = {"ok": True}

    run.after(timedelta(hours=5), decide)
    run.after(timedelta(minutes=1), lambda: act("a minute"))
    run.after(timedelta(), lambda: act("at once"))
    # Read again after 1, 3 and 7 hours.
    assert await run.result() == {"message": "True after 7 h"}
    assert seen == ["at once", "a minute"]
