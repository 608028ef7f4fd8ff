import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, Generic, Literal, ParamSpec, TypedDict, TypeVar, Unpack, cast, overload

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception
from typing_extensions import TypeVar as TypeVarWithDefault

from ..model import (
    AssignProcessItemTaskRequest,
    CreateProcessItemRequest,
    JsonObject,
    JsonPatchOperation,
    JsonValue,
    ProcessItem,
    WorkflowRequest,
)
from .item_context import ItemContext, run_for_item
from .kuflow_activities import (
    brief_activities,
    complete_task,
    kuflow_activities,
    retrieve_application_id,
    run_activity,
    with_cancellation,
)
from .task import HumanTask, MessageTask, SignalAction, SystemTask, ThreadTask

Data = TypeVar("Data")
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Context = TypeVarWithDefault("Context", default=JsonObject)
Metadata = TypeVarWithDefault("Metadata", default=dict[str, Any])
Input = TypeVar("Input")

ITEM_SIGNAL = "KuFlow_Engine_Signal_Process_Item"
ITEM_TYPES = ("TASK", "MESSAGE", "THREAD")
# Marks histories in which `on_deadline` was canceled because its task was completed.
DEADLINE_ENDED = "kuflow-deadline-ended"
MAX_REREAD_INTERVAL = timedelta(hours=12)
SOON = timedelta(seconds=5)

Deadline = datetime | timedelta
LogLevel = Literal["INFO", "WARN", "ERROR"]


class OwnerOptions(TypedDict, total=False):
    """The owner (a user or an application), by ID or email address."""

    owner_id: str | None
    owner_email: str | None


class TaskCancelled(ApplicationError):
    """Raised when a task is canceled in KuFlow. If you do not catch it, the workflow fails."""

    def __init__(self, code: str, process_item_id: str) -> None:
        details = {"code": code, "processItemId": process_item_id}
        super().__init__(f"The task {code} was canceled", details, type="TaskCancelled", non_retryable=True)
        self.code = code
        self.process_item_id = process_item_id


class _Handle:
    def __init__(self, process: "KuFlowProcess[Any]", task_id: str) -> None:
        self._process = process
        self.id = task_id

    async def log(self, text: str, level: LogLevel = "INFO") -> None:
        """Adds a line to the task log in KuFlow."""
        await kuflow_activities.append_process_item_task_log(
            {"processItemId": self.id, "message": text, "level": level}
        )

    async def cancel(self) -> None:
        """Cancels the task."""
        await self._process._cancel_item(self.id)


class TaskHandle(_Handle, Generic[Data]):
    """A task that has been created and might still be open."""

    def __init__(self, process: "KuFlowProcess[Any]", task_id: str, done: asyncio.Task[Data]) -> None:
        super().__init__(process, task_id)
        #: Await this to get the data of the completed task. Raises `TaskCancelled` if the task is canceled.
        self.done = done

    async def cancel(self) -> None:
        """Cancels the task, unless it is completed first."""
        await self._while_open(super().cancel)

    async def assign(self, **owner: Unpack[OwnerOptions]) -> None:
        """Assigns the task to a user or an application, unless it is completed or canceled first."""
        request = cast(AssignProcessItemTaskRequest, {"processItemId": self.id, **_owner_of(owner)})
        await self._while_open(lambda: kuflow_activities.assign_process_item_task(request))

    async def _while_open(self, change: Callable[[], Coroutine[Any, Any, object]]) -> None:
        # KuFlow refuses to change a completed task, and Temporal would repeat that forever.
        if self.done.done():
            return
        changing = asyncio.create_task(change())
        changing.add_done_callback(_mark_retrieved)
        try:
            await workflow.wait_condition(lambda: changing.done() or self.done.done())
            if changing.done():
                await changing
        finally:
            changing.cancel()


class SystemTaskHandle(_Handle, Generic[Data]):
    """A system task that has been created and that the worker completes itself."""

    def __init__(
        self,
        process: "KuFlowProcess[Any]",
        task: SystemTask[Data, Any],
        task_id: str,
        is_completing: asyncio.Future[None],
    ) -> None:
        super().__init__(process, task_id)
        self._task = task
        self._is_completing = is_completing

    async def complete(self, work: Callable[[], Awaitable[Data]]) -> Data:
        """Runs `work`, saves the data that it returns, and completes the task. `work` can call several activities.

        If the data does not match the schema, the workflow fails, because the activities have already completed and
        Temporal does not retry them.
        """
        return await self._complete(work, validates=False)

    async def run(
        self,
        activity: Callable[Concatenate[Any, Parameters], Awaitable[Data]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Data:
        """Runs the activity, saves the data that it returns, and completes the task, as `system_task` does."""
        return await self._complete(lambda: run_activity(activity, *args, **kwargs), validates=True)

    async def _complete(self, work: Callable[[], Awaitable[Data]], *, validates: bool) -> Data:
        if not self._is_completing.done():
            self._is_completing.set_result(None)
        code = self._task.code

        async def run() -> Data:
            with run_for_item(ItemContext(self.id, code, validates)):
                data = await work()
            with run_for_item(ItemContext(self.id, code, validates=False)):
                await complete_task(self.id, code, {} if data is None else data)
            return data

        # Not inside: a completed task cannot be canceled.
        return await with_cancellation(self._process._canceling_item(self.id, run()))


class KuFlowProcess(Generic[Metadata]):
    """Gives a workflow access to its process.

    Create this object in the `@workflow.init` method so that the workflow receives every signal, even for a task that
    is completed before the workflow waits for it. `reread_after` is how long the workflow waits for a human task's
    completion signal (`KuFlow_Engine_Signal_Process_Item`) before it reads the task's state from KuFlow. The wait
    doubles after each read, up to 12 hours.
    """

    def __init__(self, request: WorkflowRequest, *, reread_after: timedelta = timedelta(hours=1)) -> None:
        self.activities = kuflow_activities
        """KuFlow's activities, as methods such as `retrieve_principal`."""
        self._process_id = request["processId"]
        self._reread_after = reread_after
        # Items whose state in KuFlow has changed, or will soon.
        self._changed: set[str] = set()
        self._ignored: set[tuple[str, str]] = set()
        # By the name of the signal and the code of the action.
        self._actions: dict[tuple[str, str], Callable[[Any], object]] = {}
        self._application_id: asyncio.Task[str] | None = None
        workflow.set_signal_handler(ITEM_SIGNAL, self._on_item_signal)

    async def human_task(
        self,
        task: HumanTask[Data, Context],
        *,
        data: JsonObject | None = None,
        context_data: Context | None = None,
        deadline: Deadline | None = None,
        on_deadline: Callable[[TaskHandle[Data]], Awaitable[None] | None] | None = None,
        **owner: Unpack[OwnerOptions],
    ) -> Data:
        """Creates the task, waits until a person completes it, and returns its data.

        Raises `TaskCancelled` if the task is canceled, and `asyncio.CancelledError` if the whole process is
        canceled. `deadline` is a time, or a duration that starts when the task is created. `on_deadline` is called
        once, at the deadline, if the task is still open. The task stays open, unless `on_deadline` cancels it. If the
        task is completed while `on_deadline` is running, `on_deadline` is canceled.
        """
        if (deadline is None) != (on_deadline is None):
            raise TypeError("deadline and on_deadline must be set together")
        left = None if deadline is None else _time_until(deadline, task.code)
        handle = await self._open_human_task(task, data, context_data, owner)
        if deadline is not None and left is not None and on_deadline is not None:
            # The creation may have taken hours. That does not move a date.
            wait = deadline - workflow.now() if isinstance(deadline, datetime) else left
            await self._call_at_deadline(handle, wait, on_deadline)
        return await handle.done

    @overload
    async def open_task(
        self,
        task: HumanTask[Data, Context],
        *,
        data: JsonObject | None = None,
        context_data: Context | None = None,
        **owner: Unpack[OwnerOptions],
    ) -> TaskHandle[Data]: ...
    @overload
    async def open_task(
        self, task: SystemTask[Data, Context], *, context_data: Context | None = None
    ) -> SystemTaskHandle[Data]: ...
    async def open_task(
        self,
        task: HumanTask[Data, Context] | SystemTask[Data, Context],
        *,
        data: JsonObject | None = None,
        context_data: Context | None = None,
        **owner: Unpack[OwnerOptions],
    ) -> TaskHandle[Data] | SystemTaskHandle[Data]:
        """Creates the task without waiting for its completion.

        If the current `asyncio` task is canceled, the KuFlow task is canceled too.
        """
        if isinstance(task, SystemTask):
            return await self._open_system_task(task, context_data)
        return await self._open_human_task(task, data, context_data, owner)

    async def system_task(
        self,
        task: SystemTask[Data, Any],
        activity: Callable[Concatenate[Any, Parameters], Awaitable[Data]],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Data:
        """Creates the task, runs the activity, saves the data that it returns, and completes the task.

        The application owns the task. If the data does not match the schema, the activity fails and is
        retried until you fix its code.
        """
        handle = await self._open_system_task(task)
        return await handle.run(activity, *args, **kwargs)

    async def message(
        self,
        message: MessageTask[Data],
        *,
        text: str | None = None,
        data: Data | None = None,
        data_structure_code: str | None = None,
        **owner: Unpack[OwnerOptions],
    ) -> str:
        """Posts a message without waiting for anyone to read it.

        If you pass `data`, `data_structure_code` defaults to the message's code.
        """
        content: dict[str, object] = {}
        if text is not None:
            content["text"] = text
        if data is not None:
            content["data"] = {"value": data}
            content["dataStructureDataDefinitionCode"] = data_structure_code or message.code
        return await self._create_item("MESSAGE", message.code, {**_owner_of(owner), "message": content})

    async def thread(self, thread: ThreadTask, **owner: Unpack[OwnerOptions]) -> str:
        """Opens a thread without waiting for anyone to post in it."""
        return await self._create_item("THREAD", thread.code, _owner_of(owner))

    def on_signal(self, name: str, handler: Callable[[Any], Awaitable[None] | None]) -> None:
        """Registers a handler for a signal.

        Call this method before the workflow's first `await`, because signals that arrive before the handler is
        registered are ignored. For a user action's signal, use `on_action` instead.
        """
        workflow.set_signal_handler(name, handler)

    def on_action(self, action: SignalAction[Input], handler: Callable[[Input], object]) -> None:
        """Registers a handler for a user action.

        The handler, which can be a coroutine function, receives what the user entered, or `None` if the action has no
        input. As with `on_signal`, call this method before the workflow's first `await`.
        """
        name = action.signal
        self._actions[name, action.code] = handler

        # Several actions may send the same signal.
        async def dispatch(signal: Any = None) -> None:
            fields = signal if isinstance(signal, dict) else {}
            code = str(fields.get("userActionDefinitionCode"))
            if (name, code) not in self._actions:
                # A signal that has already arrived comes before the workflow code, which may still set its handler.
                await workflow.wait_condition(lambda: (name, code) in self._actions or _has_begun())
            handle = self._actions.get((name, code))
            if handle is None:
                return self._log_ignored(name, code)
            result = handle(fields.get("input"))
            if inspect.isawaitable(result):
                await result

        workflow.set_signal_handler(name, dispatch)

    async def read_metadata(self) -> Metadata:
        """Reads the process metadata."""
        response = await kuflow_activities.retrieve_process({"processId": self._process_id})
        return cast(Metadata, _value_of(response["process"].get("metadata")))

    async def write_metadata(self, fields: Metadata) -> None:
        """Sets the given fields of the process metadata and leaves the others unchanged."""
        patch: list[JsonPatchOperation] = [
            {"op": "add", "path": f"/{_escape(field)}", "value": value}
            for field, value in cast(Mapping[str, object], fields).items()
        ]
        if patch:
            await kuflow_activities.patch_process_metadata({"processId": self._process_id, "jsonPatch": patch})

    def _on_item_signal(self, signal: Any = None) -> None:
        fields = signal if isinstance(signal, dict) else {}
        if fields.get("id") is not None:
            self._changed.add(str(fields["id"]))
        signal_type = str(fields.get("type"))
        if signal_type not in ITEM_TYPES:
            self._log_ignored(ITEM_SIGNAL, signal_type)

    def _log_ignored(self, signal: str, signal_type: str) -> None:
        if (signal, signal_type) not in self._ignored:
            self._ignored.add((signal, signal_type))
            log_ignored_signal(signal, signal_type)

    async def _open_human_task(
        self, task: HumanTask[Data, Context], data: JsonObject | None, context_data: Context | None, owner: OwnerOptions
    ) -> TaskHandle[Data]:
        item_id = await self._create_item("TASK", task.code, {**_owner_of(owner), **_task_payload(data, context_data)})
        with run_for_item(ItemContext(item_id, task.code)):
            workflow.logger.info("Waiting for a person", extra={"code": task.code})
            done = await _start_with_current_task(
                self._canceling_item(item_id, self._wait_until_completed(task, item_id))
            )
        return TaskHandle(self, item_id, done)

    async def _open_system_task(
        self, task: SystemTask[Data, Context], context_data: Context | None = None
    ) -> SystemTaskHandle[Data]:
        if self._application_id is None:
            self._application_id = asyncio.create_task(retrieve_application_id())
        # All system tasks share the result, so canceling one of them must not affect it.
        owner_id = await asyncio.shield(self._application_id)
        fields = {"ownerId": owner_id, **_task_payload(None, context_data)}
        item_id = await self._create_item("TASK", task.code, fields)
        is_completing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        _ = await _start_with_current_task(self._canceling_item(item_id, is_completing))
        return SystemTaskHandle(self, task, item_id, is_completing)

    async def _create_item(self, item_type: str, code: str, fields: Mapping[str, object]) -> str:
        item_id = _uuid7()
        item = {"id": item_id, "type": item_type, "processId": self._process_id, "processItemDefinitionCode": code}
        request = cast(CreateProcessItemRequest, {**item, **fields})
        await self._canceling_item(item_id, kuflow_activities.create_process_item(request))
        return item_id

    async def _wait_until_completed(self, task: HumanTask[Data, Any], item_id: str) -> Data:
        wait = self._reread_after
        while True:
            is_changed = await _is_true_within(wait * _spread(item_id), lambda: item_id in self._changed)
            self._changed.discard(item_id)
            response = await kuflow_activities.retrieve_process_item({"processItemId": item_id})
            state, data = _state_of(response["processItem"])
            if state == "CANCELLED":
                raise TaskCancelled(task.code, item_id)
            if state == "COMPLETED":
                return cast(Data, data)
            # A signal may arrive before KuFlow shows the new state: read again soon. Otherwise, read again later.
            wait = min(wait, SOON) if is_changed else min(wait * 2, max(MAX_REREAD_INTERVAL, self._reread_after))

    async def _call_at_deadline(
        self,
        handle: TaskHandle[Data],
        wait: timedelta,
        on_deadline: Callable[[TaskHandle[Data]], Awaitable[None] | None],
    ) -> None:
        try:
            if not await _is_true_within(wait, handle.done.done):
                call = on_deadline(handle)
                if inspect.isawaitable(call):
                    await _until_completed(handle.done, call)
        except (asyncio.CancelledError, FailureError) as error:
            if is_cancelled_exception(error):
                handle.done.cancel()
                await workflow.wait([handle.done])
            raise

    async def _canceling_item(self, item_id: str, work: Awaitable[Result]) -> Result:
        """Cancels the item in KuFlow if the work is canceled. When the whole process is canceled, KuFlow does that."""
        try:
            return await work
        except (asyncio.CancelledError, FailureError) as error:
            if not is_cancelled_exception(error):
                raise
            if workflow.cancellation_reason() is None:
                await self._cancel_quietly(item_id)
            raise asyncio.CancelledError from error

    async def _cancel_quietly(self, item_id: str) -> None:
        try:
            await asyncio.shield(
                brief_activities.cancel_process_items({"processId": self._process_id, "processItemIds": [item_id]})
            )
        except FailureError as failure:
            workflow.logger.warning("Could not cancel the item", extra={"processItemId": item_id}, exc_info=failure)

    async def _cancel_item(self, item_id: str) -> None:
        await kuflow_activities.cancel_process_items({"processId": self._process_id, "processItemIds": [item_id]})
        self._changed.add(item_id)


def _has_begun() -> bool:
    """Whether the workflow has reached its first `await`. A handler of unknown signals is set then."""
    return workflow.get_dynamic_signal_handler() is not None


def log_ignored_signal(signal: str, signal_type: str = "") -> None:
    extra = {"signal": signal, "type": signal_type}
    workflow.logger.warning("Ignored a signal that this workflow does not handle", extra=extra)


async def _is_true_within(time: timedelta, condition: Callable[[], bool]) -> bool:
    try:
        await workflow.wait_condition(condition, timeout=time)
    except TimeoutError:
        return False
    return True


async def _until_completed(done: asyncio.Future[Any], call: Awaitable[None]) -> None:
    """Awaits the call of `on_deadline`, and cancels it when the task is completed.

    An activity that it calls may be retried for long, and must not hide that.
    """
    current = asyncio.current_task()
    is_ended = False

    def end(done: asyncio.Future[Any]) -> None:
        nonlocal is_ended
        # If `on_deadline` itself cancels the task, it may do more afterwards.
        is_completed = not done.cancelled() and done.exception() is None
        if current is not None and is_completed and workflow.patched(DEADLINE_ENDED):
            is_ended = True
            current.cancel()

    done.add_done_callback(end)
    try:
        await call
    except (asyncio.CancelledError, FailureError) as error:
        is_canceled_by_others = current is None or not is_ended or current.uncancel() > 0
        if is_canceled_by_others or not is_cancelled_exception(error):
            raise
    finally:
        done.remove_done_callback(end)


async def _start_with_current_task(work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Starts work that is canceled if the current task is."""
    task = asyncio.create_task(work)
    task.add_done_callback(_mark_retrieved)

    def cancel(current: asyncio.Task[Any]) -> None:
        if current.cancelled() or current.cancelling():
            task.cancel()

    if current := asyncio.current_task():
        current.add_done_callback(cancel)
    # Lets the work start: if it were canceled earlier, its item would stay open in KuFlow.
    await asyncio.sleep(0)
    return task


def _mark_retrieved(future: asyncio.Future[Any]) -> None:
    """Prevents `asyncio` from logging an exception that nothing has awaited."""
    if not future.cancelled():
        future.exception()


def _state_of(item: ProcessItem) -> tuple[str | None, object]:
    """Returns the state of a task and its data."""
    task = item.get("task")
    if task is None:
        return None, {}
    return task["state"], _value_of(task.get("data"))


def _value_of(value: JsonValue[dict[str, Any]] | None) -> dict[str, Any]:
    return {} if value is None else value["value"] or {}


def _time_until(deadline: Deadline, code: str) -> timedelta:
    """Returns the time until a deadline. Nothing has been created yet.

    An ordinary exception keeps the process waiting until you fix its code.
    """
    left = deadline - workflow.now() if isinstance(deadline, datetime) else deadline
    if left > timedelta():
        return left
    time = str(deadline)
    if isinstance(deadline, datetime):
        time = deadline.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    raise ValueError(f"The deadline of {code} is not in the future: {time}")


def _owner_of(owner: OwnerOptions) -> dict[str, object]:
    fields = {"ownerId": owner.get("owner_id"), "ownerEmail": owner.get("owner_email")}
    return {field: value for field, value in fields.items() if value is not None}


def _task_payload(data: JsonObject | None, context_data: object) -> dict[str, object]:
    values = {"data": data, "contextData": context_data}
    task = {field: {"value": value} for field, value in values.items() if value is not None}
    return {"task": task} if task else {}


def _escape(field: str) -> str:
    """Escapes a field for a JSON pointer."""
    return field.replace("~", "~0").replace("/", "~1")


def _uuid7() -> str:
    """Returns a time-ordered ID (UUIDv7) from the workflow's time and randomness.

    It is the same in every replay, so that creating an item is idempotent.
    """
    time = f"{workflow.time_ns() // 1_000_000:012x}"
    return f"{time[:8]}-{time[8:]}-7{str(workflow.uuid4())[15:]}"


def _spread(item_id: str) -> float:
    """A factor of 1 to 1.05: tasks that were created together are not read at the same moment."""
    return 1 + int(item_id[-4:], 16) / 0xFFFF / 20
