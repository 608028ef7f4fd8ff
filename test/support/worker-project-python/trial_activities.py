"""Added to a generated project by the end-to-end tests."""

import asyncio
from contextlib import suppress

from temporalio import activity
from temporalio.exceptions import ApplicationError

from kuflow_worker import KuFlowClient


class TrialActivities:
    def __init__(self, _kuflow: KuFlowClient) -> None:
        pass

    @activity.defn(name="shortWork")
    async def short_work(self, milliseconds: int) -> None:
        await asyncio.sleep(milliseconds / 1_000)

    @activity.defn(name="slowWork")
    async def slow_work(self) -> str:
        """Runs for five seconds, ignoring cancellation, and returns the attempt."""
        waiting = asyncio.create_task(asyncio.sleep(5))
        while not waiting.done():
            with suppress(asyncio.CancelledError):
                await asyncio.shield(waiting)
        return f"attempt {activity.info().attempt}"

    @activity.defn(name="flakyWork")
    async def flaky_work(self) -> None:
        """Fails until its fourth attempt."""
        activity.logger.info("Trying")
        if activity.info().attempt < 4:
            raise RuntimeError('No answer from "Grace Hopper" at grace@example.com')

    @activity.defn(name="nonRetryableWork")
    async def non_retryable_work(self) -> None:
        raise ApplicationError("The scale is out of order", non_retryable=True)

    @activity.defn(name="lengthOf")
    async def length_of(self, text: str) -> int:
        return len(text)

    @activity.defn(name="textOf")
    async def text_of(self, length: int) -> str:
        return "x" * length
