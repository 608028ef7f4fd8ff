import argparse
import asyncio
import dataclasses
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NoReturn, TextIO

from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)

from .check import CheckStep, check
from .connection import with_timeout
from .declaration import Worker
from .logs import CORE_LOGGER, Frames, LogHandler, configure_logs, report_repeats
from .metrics import Metrics
from .replay_input import replay_input
from .settings import LogFormat, Settings, SettingsError, load_settings
from .worker_runtime import RunningWorker

LOG = logging.getLogger(__name__)

SETTINGS_HELP = """To get the settings, use one of these:

  ./kuflow dev exec -- <command>           Run a command, such as this worker, with a local KuFlow
  ./kuflow credentials pull                Get an engine certificate from KuFlow, with the client ID and secret
                                           from the environment or from ./kuflow login
  ./kuflow credentials exec -- <command>   Run a command with these credentials
"""
CHECK_SECONDS = "KUFLOW_WORKER_CHECK_SECONDS"
SHUTDOWN_PORT = "KUFLOW_SHUTDOWN_PORT"
INTERRUPTED = 130
CLOSE_SECONDS = 5.0
# npm and the terminal both deliver the same Ctrl-C.
SAME_SIGNAL_WITHIN = 1.0


class Program:
    """The command line of a worker."""

    def __init__(self, worker: Worker, options: Sequence[str]) -> None:
        self._declared = worker
        self._options = _parse_options(options)
        self._development: bool = self._options.dev
        self._log_format: LogFormat = "pretty" if self._development else "json"
        self._worker: RunningWorker | None = None
        self._first_signal_at: float | None = None

    async def main(self) -> int:
        _on_signals(self._on_signal)
        try:
            if self._options.replay:
                return await replay_input(self._declared, self._load)
            return await (self._check() if self._options.check else self._run())
        except Exception as error:
            self._log_to(sys.stderr)
            LOG.error("The worker could not start", exc_info=error)
            return 1

    async def _check(self) -> int:
        as_json: bool = self._options.json
        seconds = os.environ.get(CHECK_SECONDS)
        limit = None if seconds is None else _to_seconds(seconds)
        if seconds is not None and limit is None:
            sys.stderr.write(f"{CHECK_SECONDS} must be a number of seconds greater than 0 and at most 3600\n")
            return 2

        def report(step: CheckStep) -> None:
            if not as_json:
                detail = step.detail.replace("\n", "\n".ljust(23))
                print(f"{step.status:<8} {step.step:<12} {detail}", flush=True)

        self._log_format = "pretty"
        self._log_to(sys.stderr, "error")
        runtime = Runtime(telemetry=_telemetry())
        result = await check(self._load, report, limit or 3_600, name=self._declared.name, runtime=runtime)
        if as_json:
            print(json.dumps(dataclasses.asdict(result), ensure_ascii=False, separators=(",", ":")))
        if result.status == 2:
            sys.stderr.write(f"\n{SETTINGS_HELP}")
        return result.status

    async def _run(self) -> int:
        try:
            settings = self._load()
        except SettingsError as error:
            self._report_settings(error)
            return 2
        self._log_format = settings.worker.log_format or self._log_format
        handler = self._log_to(sys.stdout, settings.worker.log_level)
        repeats = asyncio.create_task(report_repeats(handler))
        shutdown_request = asyncio.create_task(on_shutdown_request(self._on_signal))
        runtime = create_runtime(settings.worker.metrics_port, development=self._development)
        async with self._resources(settings.app) as resources:
            worker = RunningWorker(
                settings=settings,
                reload_settings=self._load,
                declared=self._declared,
                runtime=runtime,
                metrics=Metrics(runtime.metric_meter),
                development=self._development,
                resources=resources,
            )
            await worker.start()
            self._worker = worker
            status = await worker.ended()
        repeats.cancel()
        shutdown_request.cancel()
        return status

    def _load(self) -> Settings:
        return load_settings(Path.cwd(), os.environ, self._declared.settings)

    @asynccontextmanager
    async def _resources(self, settings: object) -> AsyncIterator[object]:
        """What the project opens, or its settings. Without a limit, the worker might not end after SIGTERM."""
        stack = AsyncExitStack()
        open_resources = self._declared.open_resources
        try:
            yield settings if open_resources is None else await stack.enter_async_context(open_resources(settings))
        finally:
            try:
                await with_timeout(stack.aclose(), CLOSE_SECONDS, f"not closed within {CLOSE_SECONDS:g} s")
            except Exception as error:
                LOG.warning("Could not close the resources of the project", exc_info=error)

    def _on_signal(self) -> None:
        # Nothing is running yet.
        if self._worker is None:
            _exit(INTERRUPTED)
        now = time.monotonic()
        if self._first_signal_at is None:
            self._first_signal_at = now
        elif now - self._first_signal_at > SAME_SIGNAL_WITHIN:
            _exit(INTERRUPTED)
        self._worker.shutdown()

    def _log_to(self, stream: TextIO, level: str = "info") -> LogHandler:
        def write(line: str) -> None:
            stream.write(f"{line}\n")
            stream.flush()

        frames: Frames = "all" if self._development else "own"
        own = self._declared.packages
        handler = LogHandler(level=level, format=self._log_format, frames=frames, own=own, write=write)
        configure_logs(handler, level, own)
        return handler

    def _report_settings(self, error: SettingsError) -> None:
        self._log_format = error.log_format or self._log_format
        message = "Settings are missing or invalid"
        if self._log_format == "pretty":
            problems = "\n".join(f"  {line}" for line in str(error).splitlines())
            sys.stderr.write(f"{message}:\n\n{problems}\n\n{SETTINGS_HELP}")
        else:
            self._log_to(sys.stderr)
            LOG.error(message, extra={"reason": str(error), "hint": SETTINGS_HELP})


def create_runtime(metrics_port: int, *, development: bool) -> Runtime:
    """Creates Temporal's runtime, which serves the metrics. Port 0 disables them."""
    if metrics_port == 0:
        return Runtime(telemetry=_telemetry())
    # In development, only this machine reads the metrics. Otherwise, IPv6 includes IPv4.
    host = "127.0.0.1" if development else "[::]" if socket.has_dualstack_ipv6() else "0.0.0.0"
    try:
        return Runtime(telemetry=_telemetry(PrometheusConfig(bind_address=f"{host}:{metrics_port}")))
    except ValueError as error:
        if not development:
            raise RuntimeError(f"Could not listen on port {metrics_port} (worker.metrics-port)") from error
        LOG.warning("Metrics are disabled because the metrics port is in use", extra={"port": metrics_port})
        return Runtime(telemetry=_telemetry())


def _parse_options(options: Sequence[str]) -> argparse.Namespace:
    main = sys.modules["__main__"].__spec__
    program = None if main is None else f"python -m {main.name.removesuffix('.__main__')}"
    parser = argparse.ArgumentParser(program, allow_abbrev=False)
    parser.add_argument(
        "--check",
        action="store_true",
        help="check the connection to KuFlow step by step and exit with 0 (connected), 1 (failed), "
        f"2 (invalid settings) or 4 (inconclusive); {CHECK_SECONDS} sets a time limit",
    )
    parser.add_argument("--json", action="store_true", help="print the result of --check as JSON")
    parser.add_argument(
        "--replay", action="store_true", help="replay the histories on standard input, for `kuflow replay`"
    )
    parser.add_argument(
        "--dev",
        action="store_true",
        help="print readable logs, shut down quickly, and start even if the health or metrics port is in use",
    )
    parsed = parser.parse_args(options)
    if parsed.json and not parsed.check:
        parser.error("--json requires --check")
    return parsed


def _to_seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if 0 < seconds <= 3_600 else None


def _telemetry(metrics: PrometheusConfig | None = None) -> TelemetryConfig:
    """Forwards the logs of Temporal's core to this log."""
    forwarding = LogForwardingConfig(
        logger=logging.getLogger(CORE_LOGGER),
        append_target_to_name=False,
        prepend_target_on_message=False,
        append_log_fields_to_message=False,
    )
    levels = TelemetryFilter(core_level="WARN", other_level="ERROR")
    return TelemetryConfig(logging=LoggingConfig(filter=levels, forwarding=forwarding), metrics=metrics)


def _on_signals(handle: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, handle)
        except NotImplementedError:
            # Windows
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(handle))


async def on_shutdown_request(handle: Callable[[], None]) -> None:
    """On Windows, which does not have SIGTERM, `kuflow` ends this connection to ask the worker to shut down."""
    port = os.environ.get(SHUTDOWN_PORT)
    if port is None:
        return
    with suppress(OSError):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(port))
        await reader.read()
        writer.close()
        handle()


def _exit(status: int) -> NoReturn:
    """Ends the process at once, whatever threads and tasks are still running.

    Temporal's native threads can crash the interpreter when it shuts down in the ordinary way.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


async def _main(worker: Worker) -> NoReturn:
    _exit(await Program(worker, sys.argv[1:]).main())


def run(worker: Worker) -> NoReturn:
    """Runs a worker with the options from the command line, and then ends the program.

    Exit status: 0 after a shutdown, 1 after a failure, 2 if settings are missing or invalid. `--help` lists the
    options.
    """
    for stream in (sys.stdout, sys.stderr):
        # A character that a terminal cannot show must not stop the worker.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    asyncio.run(_main(worker))
    raise AssertionError
