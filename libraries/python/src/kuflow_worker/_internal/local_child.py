import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 10.0
KEPT_LINES = 20
#: Events of the local KuFlow are long lines.
LINE_LIMIT = 1 << 22


class LocalChild:
    """A process whose stdin closes when this one ends in any way."""

    def __init__(self, name: str, process: Process) -> None:
        self._name = name
        self._process = process
        self._output: list[str] = []
        self._readers: list[asyncio.Task[None]] = []

    @staticmethod
    async def start(name: str, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> "LocalChild":
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=env, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=LINE_LIMIT
        )
        return LocalChild(name, process)

    async def lines(self) -> AsyncIterator[str]:
        """The lines of stdout until it ends."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            yield line.decode(errors="replace")

    def keep_output(self) -> None:
        """Reads what it prints, for the error when it ends."""
        self._readers = [
            asyncio.create_task(self._keep(stream)) for stream in (self._process.stdout, self._process.stderr)
        ]

    async def _keep(self, stream: asyncio.StreamReader | None) -> None:
        assert stream is not None
        async for line in stream:
            self._output = [*self._output, line.decode(errors="replace").rstrip()][-KEPT_LINES:]

    async def ended(self) -> RuntimeError:
        """Waits until it ends. The error has the end of its output."""
        status = await self._process.wait()
        for reader in self._readers:
            await asyncio.wait([reader])
        return RuntimeError("\n".join([f"{self._name} ended with status {status}", *self._output]))

    async def stop(self, *, ask_by_signal: bool) -> None:
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                if ask_by_signal:
                    self._process.terminate()
                elif self._process.stdin is not None:
                    self._process.stdin.close()
                try:
                    await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
                except TimeoutError:
                    self._process.kill()
        await self._process.wait()
        for reader in self._readers:
            await asyncio.wait([reader])
