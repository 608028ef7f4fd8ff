import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client
from temporalio.worker import Interceptor, Worker

from .settings import Settings
from .workflow_code import workflow_runner

# The default of Temporal's SDK.
MAX_CONCURRENT_ACTIVITIES = 100

State = Literal["initialized", "running", "draining", "failed", "stopped"]


class EngineWorker:
    """A worker of Temporal's SDK. It can run once."""

    def __init__(
        self,
        client: Client,
        *,
        settings: Settings,
        workflows: Sequence[type],
        activities: Sequence[Callable[..., Any]],
        interceptors: Sequence[Interceptor],
        development: bool,
    ) -> None:
        worker = settings.worker
        max_activities = worker.max_concurrent_activities or MAX_CONCURRENT_ACTIVITIES
        # Activities get 30 s to complete and are then canceled. Everything ends within 45 s; Kubernetes allows 60 s.
        grace, self._force_after = (2, 5) if development else (30, 45)
        self.state: State = "initialized"
        self._abandoned: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        self._shutdown: asyncio.Task[None] | None = None
        self._worker = Worker(
            client,
            task_queue=settings.temporal.kuflow_queue,
            workflows=workflows,
            workflow_runner=workflow_runner(workflows),
            activities=activities,
            # For activities that are ordinary functions.
            activity_executor=ThreadPoolExecutor(max_activities, "activity"),
            interceptors=interceptors,
            max_concurrent_workflow_tasks=worker.max_concurrent_workflow_tasks,
            max_concurrent_activities=max_activities,
            graceful_shutdown_timeout=timedelta(seconds=grace),
            on_fatal_error=self._on_fatal_error,
        )

    @property
    def client(self) -> Client:
        return self._worker.client

    @client.setter
    def client(self, client: Client) -> None:
        """Moves the worker to another connection to the engine. Running calls end on the old one."""
        self._worker.client = client

    async def run(self) -> BaseException | None:
        """Runs until the worker is shut down (returns None) or fails (returns the error).

        Does not wait for the open polls of a failed worker, which may take a minute, or for a shutdown that hangs.
        """
        if self.state == "initialized":
            self.state = "running"
        running = asyncio.create_task(self._worker.run())
        outcomes: set[asyncio.Future[Any]] = {running, self._abandoned}
        await asyncio.wait(outcomes, return_when=asyncio.FIRST_COMPLETED)
        if self._abandoned.done():
            # Otherwise, asyncio logs the error of the worker again when it ends.
            running.add_done_callback(lambda task: task.cancelled() or task.exception())
            return self._abandoned.result()
        error = running.exception()
        self.state = "stopped" if error is None else "failed"
        return error

    def shutdown(self) -> None:
        """Stops polling, and gives running activities some time to complete."""
        if self.state not in ("initialized", "running"):
            return
        self.state = "draining"
        self._shutdown = asyncio.create_task(self._worker.shutdown())
        # Temporal's SDK waits without a limit for activities that do not end when they are canceled.
        stuck = TimeoutError("the shutdown took too long")
        asyncio.get_running_loop().call_later(self._force_after, self._abandon, stuck)

    async def _on_fatal_error(self, error: BaseException) -> None:
        self.state = "failed"
        self._abandon(error)

    def _abandon(self, reason: BaseException) -> None:
        if not self._abandoned.done():
            self._abandoned.set_result(reason)


def workflow_type(workflow: type) -> str:
    """The name that a workflow class has in the engine."""
    name: str = vars(workflow)["__temporal_workflow_definition"].name
    return name
