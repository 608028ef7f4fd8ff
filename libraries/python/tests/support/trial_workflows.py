"""The workflows of the processes that tests run, and their tasks."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, NotRequired, TypedDict

from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, ApplicationError

from kuflow_worker import KuFlowClient
from kuflow_worker.workflow import (
    TRANSFER,
    ActionRequest,
    ActionResponse,
    CallRejected,
    HumanTask,
    KuFlowProcess,
    MessageTask,
    SignalAction,
    SystemTask,
    TaskCancelled,
    TaskHandle,
    ThreadTask,
    UserActionSignal,
    WorkflowRequest,
    WorkflowResponse,
    all_of,
    fail_on_rejection,
    run_activity,
    with_options,
)


class Review(TypedDict):
    ok: bool


class Check(TypedDict):
    score: int


class Person(TypedDict):
    name: str
    age: int
    nickname: NotRequired[str]


REVIEW = HumanTask[Review]("REVIEW")
SECOND = HumanTask[Any]("SECOND")
CHECK = SystemTask[Check]("CHECK")
RAISE = SignalAction[Check]("RAISE", "Change")
STOP = SignalAction("STOP", "Change")


class TrialActivities:
    @activity.defn
    async def check(self, person: Person) -> Check:
        return {"score": person["age"]}

    @activity.defn
    async def length_of(self, text: str) -> int:
        return len(text)

    @activity.defn
    async def text_of(self, length: int) -> str:
        return "x" * length

    @activity.defn
    async def fail(self) -> None:
        raise ConnectionError("down")

    @activity.defn
    async def echo(self, value: Any) -> Any:
        if value == "later":
            activity.raise_complete_async()
        return value


class Trial:
    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        self.kuflow = KuFlowProcess(request)


@workflow.defn
class RereadWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        start = workflow.now()
        review = await self.kuflow.human_task(REVIEW)
        return {"message": f"{review['ok']} after {(workflow.now() - start) // timedelta(hours=1)} h"}


@workflow.defn
class HandlesWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        first = await self.kuflow.open_task(REVIEW, data={"ok": False})
        await first.log("Look at this first", "WARN")
        await first.assign(owner_email="ada@example.com")
        second = await self.kuflow.open_task(SECOND)
        await second.cancel()
        try:
            await second.done
        except TaskCancelled as canceled:
            # Has no effect: the task is not open.
            await second.assign(owner_email="ada@example.com")
            return {"message": f"canceled {canceled.code}"}
        return {"message": "done"}


@workflow.defn
class ScopeWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        outcomes = [
            await self._outcome_of_canceled(self._open(CHECK)),
            await self._outcome_of_canceled(self._open(SECOND)),
            await self._outcome_of_canceled(self._review()),
        ]
        try:
            async with asyncio.timeout(60):
                await self.kuflow.human_task(HumanTask[Any]("THIRD"))
        except TimeoutError:
            outcomes.append("too late")
        return {"message": ", ".join(outcomes)}

    async def _outcome_of_canceled(self, work: Any) -> str:
        task = asyncio.create_task(work)
        await workflow.sleep(60)
        task.cancel()
        try:
            return f"done {await task}"
        except asyncio.CancelledError:
            return "canceled"

    async def _open(self, task: Any) -> None:
        await self.kuflow.open_task(task)
        await workflow.sleep(timedelta(days=1))

    async def _review(self) -> Review:
        return await self.kuflow.human_task(REVIEW, deadline=timedelta(days=1), on_deadline=lambda _task: None)


@workflow.defn
class StopWorkflow(Trial):
    """A task that is canceled by the signal `Stop`."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        task = asyncio.create_task(self.kuflow.human_task(REVIEW))

        def stop(_payload: Any) -> None:
            task.cancel()

        self.kuflow.on_signal("Stop", stop)
        try:
            return {"message": str(await task)}
        except asyncio.CancelledError:
            return {"message": "canceled"}


@workflow.defn
class DroppedTaskWorkflow(Trial):
    """Creates a task and cancels it at once, and then creates another one."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        dropped = asyncio.create_task(self.kuflow.human_task(SECOND))
        await asyncio.sleep(0)
        dropped.cancel()
        await workflow.wait([dropped])
        await self.kuflow.human_task(REVIEW)
        return {"message": "done"}


@workflow.defn
class DeadlineWorkflow(Trial):
    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        super().__init__(request)
        self._deadlines: list[str] = []

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self.kuflow
        review = await kuflow.human_task(
            REVIEW, deadline=timedelta(days=3), on_deadline=lambda task: task.log("Late", "WARN")
        )
        tomorrow = workflow.now() + timedelta(days=1)
        await kuflow.human_task(SECOND, deadline=tomorrow, on_deadline=lambda task: task.log("Never"))
        await kuflow.human_task(REVIEW, deadline=timedelta(days=3), on_deadline=self._note)
        return {"message": f"{review['ok']} {self._deadlines}"}

    def _note(self, task: TaskHandle[Review]) -> None:
        self._deadlines.append(str(task.done.done()))


@workflow.defn
class StubbornDeadlineWorkflow(Trial):
    """Calls an activity at the deadline that is retried until the deadline is far behind."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        review = await self.kuflow.human_task(
            REVIEW, deadline=timedelta(days=1), on_deadline=lambda task: task.log("Late", "WARN")
        )
        await workflow.sleep(1)
        return {"message": str(review["ok"])}


@workflow.defn
class ReassignedWorkflow(Trial):
    """Assigns a task to somebody else at its deadline."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        review = await self.kuflow.human_task(
            REVIEW, deadline=timedelta(days=1), on_deadline=lambda task: task.assign(owner_email="ada@example.com")
        )
        return {"message": str(review["ok"])}


@workflow.defn
class OverdueWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        epoch = datetime.fromtimestamp(0, UTC)
        await self.kuflow.human_task(REVIEW, deadline=epoch, on_deadline=lambda _task: None)
        return {"message": "never"}


@workflow.defn
class SystemWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        # The name has a wrong type, which KuFlow allows in invalid data.
        person: Any = {"name": None, "age": 36}
        await self.kuflow.system_task(CHECK, with_options(TrialActivities.check, TRANSFER), person)
        handle = await self.kuflow.open_task(CHECK, context_data={"hint": "x"})

        async def work() -> Check:
            workflow.logger.warning("In the task")
            return {"score": await run_activity(TrialActivities.length_of, "invalid")}

        try:
            await handle.complete(work)
        except ActivityError as failure:
            workflow.logger.warning("Out of the task")
            await handle.cancel()
            assert isinstance(failure.cause, ApplicationError)
            return {"message": f"{failure.cause.type}: {failure.cause.message}"}
        return {"message": "never"}


@workflow.defn
class ContentWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self.kuflow
        await kuflow.message(MessageTask[Review]("RESULT"), text="Done", data=Review(ok=True))
        await kuflow.message(MessageTask("NOTE"), text="Only text")
        await kuflow.thread(self.discussion())
        person = await kuflow.read_metadata()
        await kuflow.write_metadata({"age": person["age"] + 1, "a/b~c": []})
        return {"message": person["name"]}

    def discussion(self) -> ThreadTask:
        return ThreadTask("DISCUSSION")


@workflow.defn(name="ContentWorkflow")
class RenamedWorkflow(ContentWorkflow):
    """Does the same as `ContentWorkflow`, but with a different thread."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        return await super().run(request)

    def discussion(self) -> ThreadTask:
        return ThreadTask("RENAMED")


@workflow.defn(name="ContentWorkflow")
class BrokenWorkflow(ContentWorkflow):
    """Fails after the first item, with data of the process in the message."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        await self.kuflow.message(MessageTask[Review]("RESULT"), text="Done", data=Review(ok=True))
        print("Canary")
        raise LookupError(f"no person 'Canary' in {request['processId']}")


@workflow.defn
class SignalsWorkflow(Trial):
    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        super().__init__(request)
        self._notes: list[str] = []
        self.kuflow.on_signal("First", self._on_first)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        self.kuflow.on_signal("Second", self._notes.append)
        await workflow.wait_condition(lambda: len(self._notes) == 2)
        return {"message": ", ".join(self._notes)}

    def _on_first(self, signal: UserActionSignal) -> None:
        self._notes.append(signal["userActionDefinitionCode"])


@workflow.defn
class ActionsWorkflow(Trial):
    """A task that a user action cancels. Another action has an input, and the same signal."""

    @workflow.init
    def __init__(self, request: WorkflowRequest) -> None:
        super().__init__(request)
        self._scores: list[int] = []
        self.kuflow.on_action(RAISE, self._on_raise)

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        task = asyncio.create_task(self.kuflow.human_task(REVIEW))
        self.kuflow.on_action(STOP, task.cancel)
        await workflow.wait([task])
        return {"message": f"{task.cancelled()} {self._scores}"}

    async def _on_raise(self, input: Check) -> None:
        await workflow.sleep(1)
        self._scores.append(input["score"])


@workflow.defn
class StopActivityWorkflow(Trial):
    """Code that a user action cancels while Temporal repeats an activity."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        task = asyncio.create_task(run_activity(TrialActivities.fail))
        self.kuflow.on_action(STOP, task.cancel)
        await workflow.wait([task])
        return {"message": f"canceled {task.cancelled()}"}


@workflow.defn
class ExportWorkflow:
    """The workflow of a user action."""

    @workflow.run
    async def run(self, request: ActionRequest) -> ActionResponse:
        assert request["userActionId"] == workflow.info().workflow_id
        size = await run_activity(TrialActivities.length_of, request["userActionDefinitionCode"])
        return {"downloadable": {"documentUri": f"ku:process/{request['processId']}/document/{size}"}}


@workflow.defn
class LargeWorkflow:
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        await run_activity(TrialActivities.length_of, "x" * 90_000)
        await run_activity(TrialActivities.text_of, 90_000)
        try:
            await run_activity(TrialActivities.text_of, 150_000)
        except ActivityError as failure:
            workflow.logger.warning(f"Refused: {failure.cause}")
        await run_activity(TrialActivities.length_of, "x" * 150_000)
        return {"message": "never"}


@workflow.defn
class ParallelWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        try:
            review, second = await all_of(self.kuflow.human_task(REVIEW), self.kuflow.human_task(SECOND))
        except TaskCancelled as error:
            return {"message": f"canceled {error.code}"}
        return {"message": f"{review['ok']} {second}"}


@workflow.defn
class RejectedWorkflow(Trial):
    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        try:
            with fail_on_rejection():
                await self.kuflow.human_task(REVIEW, data={"ok": "invalid"})
        except CallRejected as error:
            response = error.response or {}
            return {"message": f"{error.operation} {error.status} {response['message']}"}
        return {"message": "created"}


@workflow.defn
class TalkativeWorkflow:
    """Sends its texts in every way: to activities, a child, another workflow, its next run, queries and updates."""

    @workflow.init
    def __init__(self, request: dict[str, str]) -> None:
        self._texts: list[str] = []

    @workflow.run
    async def run(self, request: dict[str, str]) -> WorkflowResponse:
        info = workflow.info()
        if info.parent is not None:
            await workflow.wait_condition(lambda: len(self._texts) == 2)
            return {"message": " ".join(self._texts)}
        text = request["text"]
        if info.continued_run_id is not None:
            return {"message": text}
        await workflow.wait_condition(lambda: len(self._texts) == 1)
        for value in (None, b"bytes", {"text": text}):
            assert await run_activity(TrialActivities.echo, value) == value
            local = workflow.execute_local_activity_method(
                TrialActivities.echo, value, start_to_close_timeout=timedelta(seconds=10)
            )
            assert await local == value
        child = await workflow.start_child_workflow(TalkativeWorkflow.run, request, id=f"{info.workflow_id}-child")
        await child.signal(TalkativeWorkflow.add, text)
        await workflow.get_external_workflow_handle(child.id).signal("add", text)
        assert await child == {"message": f"{text} {text}"}
        workflow.continue_as_new(request)

    @workflow.signal
    def add(self, text: str) -> None:
        self._texts.append(text)

    @workflow.update
    async def add_and_return(self, text: str) -> str:
        self._texts.append(text)
        return await run_activity(TrialActivities.echo, text)

    @workflow.query
    def texts(self) -> list[str]:
        return self._texts


@workflow.defn
class EchoWorkflow:
    @workflow.run
    async def run(self, request: dict[str, str]) -> WorkflowResponse:
        return {"message": await run_activity(TrialActivities.echo, request["text"])}


class Scoring:
    """A resource of the worker."""

    def __init__(self, score: int) -> None:
        self.score = score


class ScoringActivities:
    def __init__(self, kuflow: KuFlowClient, scoring: Scoring) -> None:
        self._scoring = scoring

    @activity.defn
    async def score(self) -> int:
        return self._scoring.score


@workflow.defn
class ScoredWorkflow:
    @workflow.run
    async def run(self) -> int:
        return await run_activity(ScoringActivities.score)


@workflow.defn
class EverythingWorkflow(Trial):
    """Uses everything in `KuFlowProcess` that sends commands. Its histories were recorded: do not change it."""

    @workflow.run
    async def run(self, request: WorkflowRequest) -> WorkflowResponse:
        kuflow = self.kuflow
        review = await kuflow.human_task(
            REVIEW, data={"ok": False}, deadline=timedelta(hours=5), on_deadline=lambda task: task.log("Late", "WARN")
        )
        check = await kuflow.system_task(CHECK, TrialActivities.check, {"name": "Ada", "age": 70})
        second = await kuflow.open_task(SECOND)
        await second.assign(owner_email="ada@example.com")
        await second.cancel()
        waiting = asyncio.create_task(kuflow.human_task(SECOND))
        await workflow.sleep(60)
        waiting.cancel()
        await workflow.wait([waiting])
        await all_of(kuflow.message(MessageTask("RESULT"), text="Done"), kuflow.thread(ThreadTask("DISCUSSION")))
        await kuflow.write_metadata({"score": check["score"]})
        return {"message": f"ok {review['ok']}"}
