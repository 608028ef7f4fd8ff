import asyncio
import heapq


class FakeClock:
    """A clock that moves only when a test calls `advance`. Pass `now` and `sleep` to the code under test."""

    def __init__(self, now: float = 1_735_689_600) -> None:
        self._now = now
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        wake = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + seconds, self._count, wake))
        await wake

    def jump(self, seconds: float) -> None:
        """Moves the clock while timers are suspended, as on a laptop that sleeps."""
        self._now += seconds
        self._sleepers = [(due + seconds, count, wake) for due, count, wake in self._sleepers]

    async def advance(self, seconds: float) -> None:
        """Runs everything that happens within this time."""
        end = self._now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, wake = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not wake.done():
                wake.set_result(None)
            await settle()
        self._now = end


async def settle() -> None:
    """Lets tasks run until they wait for a timer or for each other."""
    for _ in range(20):
        await asyncio.sleep(0)
