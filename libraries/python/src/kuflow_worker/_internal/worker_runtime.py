import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.worker import Worker as EngineWorker

from .activities import activities_of, activity_name, create_kuflow_activities
from .activity_interceptor import ActivityInterceptor
from .authentication import request_engine_certificate, request_engine_token
from .background import Background
from .client import KuFlowClient
from .connection import connect_to_engine, describe_namespace
from .declaration import Worker, validators_of
from .encryption import keys_from_kuflow
from .encryption_interceptor import EncryptionInterceptor
from .engine_certificate import CertificateWatch, EngineIdentity, identity_from_settings
from .engine_token import EngineToken, TokenRenewer
from .engine_watch import EngineWatch
from .health import HealthServer, start_health_server
from .metrics import Metrics
from .payloads import data_converter
from .registration import start_registration
from .rest_client import create_rest_client, user_agent
from .settings import Settings
from .task_failures import TaskFailures
from .workflow.interceptor import WorkflowInterceptor
from .workflow_code import workflow_runner, workflow_type

LOG = logging.getLogger(__name__)

# How long a token may have been expired before the worker stops, in seconds.
EXPIRY_GRACE = 60.0
ENGINE_DEADLINE = 5.0
# The default of Temporal's SDK.
MAX_CONCURRENT_ACTIVITIES = 100


@dataclass(kw_only=True, eq=False)
class RunningWorker:
    """Connects this worker to KuFlow, renews its token and certificate, and ends when it is shut down or has failed.

    It never replaces a failed worker of Temporal's SDK: what runs this program starts it again.
    """

    settings: Settings
    reload_settings: Callable[[], Settings]
    declared: Worker
    runtime: Runtime
    metrics: Metrics
    development: bool
    resources: object = None

    def __post_init__(self) -> None:
        settings, declared, metrics = self.settings, self.declared, self.metrics
        self._rest = create_rest_client(settings, metrics, declared.name)
        self._tokens = TokenRenewer(request=lambda: request_engine_token(self._rest, settings), metrics=metrics)
        kuflow = KuFlowClient(self._rest, settings.api.client_id)
        own = [one for each in declared.create_activities(kuflow, self.resources) for one in activities_of(each)]
        # Clients share the keys.
        self._data_converter = data_converter(keys_from_kuflow(self._rest), settings.worker.max_payload_bytes)
        validators = validators_of(declared.workflows)
        self._activities = [*create_kuflow_activities(kuflow, validators), *own]
        self._activity_interceptor = ActivityInterceptor(
            TaskFailures(self._rest, metrics, settings.worker.attempts_before_task_log),
            settings.worker.max_payload_bytes,
            validators,
        )
        # The clients that receive each new token.
        self._clients: set[Client] = set()
        self._namespace: str
        self._worker: EngineWorker
        self._registration: Background | None = None
        self._draining = False
        self._failed = False
        # The error of a worker that is not waited for: its open polls may take a minute, or its shutdown hangs.
        self._abandoned: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        # Activities get 30 s to complete and are then canceled. Everything ends within 45 s; Kubernetes allows 60 s.
        self._grace, self._force_after = (2, 5) if self.development else (30, 45)
        self._shutdown: asyncio.Task[None] | None = None
        self._ended: asyncio.Task[Literal[0, 1]]

    async def start(self) -> None:
        """Returns when the worker is connected. `ended` then waits for its end."""
        _, identity = await asyncio.gather(self._tokens.renew(), self._first_identity())
        self._worker = self._create_worker(await self._connect(identity))
        self._engine = EngineWatch(ask=self._ask_engine, metrics=self.metrics)
        health = await start_health(self.settings.worker.health_port, self._not_ready, development=self.development)
        self._tokens.start(self._pass_token)
        token_watch = Background("token watch", self._watch_token())
        certificates = CertificateWatch(
            identity=identity,
            request=self._request_identity,
            reload_settings=self.reload_settings,
            swap=self._swap,
            metrics=self.metrics,
        )
        self._registration = start_registration(
            rest=self._rest,
            settings=self.settings,
            identity=self._worker.client.identity,
            workflow_types=[workflow_type(workflow) for workflow in self.declared.workflows],
            activity_types=[activity_name(activity) for activity in self._activities],
            metrics=self.metrics,
        )
        stop = [
            self._tokens.stop,
            token_watch.stop,
            self._engine.stop,
            certificates.stop,
            self._registration.stop,
            health.close,
        ]
        self._ended = asyncio.create_task(self._run_and_stop(stop))
        LOG.info(
            "Worker started",
            extra={"target": self.settings.temporal.target, "namespace": identity.namespace, "port": health.port},
        )

    async def ended(self) -> Literal[0, 1]:
        """The exit status of the process: 0 after a shutdown, 1 if the worker stopped because of an error."""
        return await self._ended

    def shutdown(self) -> None:
        """Reports not ready, stops polling, and waits for running tasks."""
        if self._draining:
            return
        self._draining = True
        # KuFlow must not count on a worker that accepts no more tasks.
        if self._registration is not None:
            self._registration.stop()
        if self._abandoned.done():
            return
        LOG.info("Shutting down: polling has stopped, waiting for running tasks")
        self._shutdown = asyncio.create_task(self._worker.shutdown())
        # Temporal's SDK waits without a limit for activities that do not end when they are canceled.
        stuck = TimeoutError("the shutdown took too long")
        asyncio.get_running_loop().call_later(self._force_after, self._abandon, stuck)

    def _fail(self, message: str, error: BaseException | None) -> None:
        self._failed = True
        LOG.error(message, exc_info=error)
        self.shutdown()

    def _create_worker(self, client: Client) -> EngineWorker:
        worker = self.settings.worker
        workflows = self.declared.workflows
        max_activities = worker.max_concurrent_activities or MAX_CONCURRENT_ACTIVITIES
        return EngineWorker(
            client,
            task_queue=self.settings.temporal.kuflow_queue,
            workflows=workflows,
            workflow_runner=workflow_runner(workflows),
            activities=self._activities,
            # For activities that are ordinary functions.
            activity_executor=ThreadPoolExecutor(max_activities, "activity"),
            interceptors=[
                EncryptionInterceptor(),
                *self.declared.interceptors,
                WorkflowInterceptor(),
                self._activity_interceptor,
            ],
            max_concurrent_workflow_tasks=worker.max_concurrent_workflow_tasks,
            max_concurrent_activities=max_activities,
            graceful_shutdown_timeout=timedelta(seconds=self._grace),
            on_fatal_error=self._on_fatal_error,
        )

    async def _on_fatal_error(self, error: BaseException) -> None:
        self._abandon(error)

    def _abandon(self, error: BaseException) -> None:
        if not self._abandoned.done():
            self._abandoned.set_result(error)

    async def _request_identity(self) -> EngineIdentity:
        return await request_engine_certificate(self._rest, self.settings)

    async def _first_identity(self) -> EngineIdentity:
        return identity_from_settings(self.settings) or await self._request_identity()

    async def _connect(self, identity: EngineIdentity) -> Client:
        token = await self._tokens.supply()
        client = await connect_to_engine(
            self.settings,
            identity,
            token,
            runtime=self.runtime,
            data_converter=self._data_converter,
            client_identity=f"{os.getpid()}@{socket.gethostname()} {user_agent(self.declared.name)}",
        )
        self._clients.add(client)
        self._namespace = identity.namespace
        # The token may have been renewed in the meantime.
        client.api_key = (self._tokens.current or token).value.reveal()
        return client

    def _pass_token(self, token: EngineToken) -> None:
        for client in self._clients:
            client.api_key = token.value.reveal()

    async def _swap(self, identity: EngineIdentity) -> Callable[[], None]:
        client = await self._connect(identity)
        old_client, self._worker.client = self._worker.client, client
        # Temporal's clients cannot be closed. A connection ends when nothing refers to its client.
        return lambda: self._clients.discard(old_client)

    async def _ask_engine(self) -> str | None:
        return await describe_namespace(self._worker.client, self._namespace, ENGINE_DEADLINE)

    def _not_ready(self) -> str | None:
        if self._draining:
            return "draining"
        if not self._worker.is_running or self._abandoned.done():
            return "not polling"
        return self._engine.problem() if self._tokens.is_valid() else "engine token expired"

    async def _watch_token(self) -> None:
        await self._tokens.wait_until_lost(EXPIRY_GRACE)
        if not self._draining:
            message = "Stopping the worker: the engine token expired a minute ago and could not be renewed"
            self._fail(message, self._tokens.last_error)

    async def _run(self) -> None:
        running = asyncio.create_task(self._worker.run())
        # Otherwise, asyncio logs the error of an abandoned worker again when it ends.
        running.add_done_callback(lambda task: task.cancelled() or task.exception())
        outcomes: set[asyncio.Future[Any]] = {running, self._abandoned}
        await asyncio.wait(outcomes, return_when=asyncio.FIRST_COMPLETED)
        error = self._abandoned.result() if self._abandoned.done() else running.exception()
        if error is None:
            return
        self._abandon(error)
        if self._draining:
            LOG.warning("The worker did not shut down cleanly", exc_info=error)
        elif self._tokens.is_valid():
            self._fail("Stopping the worker: Temporal's SDK core stopped unexpectedly", error)
        else:
            # Temporal's core gives up soon after the engine rejects a token.
            message = "Stopping the worker: the engine token expired and could not be renewed"
            self._fail(message, self._tokens.last_error or error)

    async def _run_and_stop(self, stop: Sequence[Callable[[], None]]) -> Literal[0, 1]:
        try:
            await self._run()
        finally:
            self._draining = True
            for stop_one in stop:
                stop_one()
            self._clients.clear()
            await self._rest.close()
        return 1 if self._failed else 0


async def start_health(port: int, not_ready: Callable[[], str | None], *, development: bool) -> HealthServer:
    # In development, only this machine checks the health.
    host = "127.0.0.1" if development else None
    try:
        return await start_health_server(port, not_ready, host)
    except OSError as error:
        if not development:
            raise RuntimeError(f"Could not listen on port {port} (worker.health-port)") from error
        LOG.warning("The health port is in use; using another port", exc_info=error, extra={"port": port})
        return await start_health_server(0, not_ready, host)
