import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, overload

from temporalio import workflow

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")


@overload
async def all_of(a: Coroutine[Any, Any, A], b: Coroutine[Any, Any, B], /) -> tuple[A, B]: ...
@overload
async def all_of(
    a: Coroutine[Any, Any, A], b: Coroutine[Any, Any, B], c: Coroutine[Any, Any, C], /
) -> tuple[A, B, C]: ...
@overload
async def all_of(
    a: Coroutine[Any, Any, A],
    b: Coroutine[Any, Any, B],
    c: Coroutine[Any, Any, C],
    d: Coroutine[Any, Any, D],
    /,
) -> tuple[A, B, C, D]: ...
@overload
async def all_of(*calls: Coroutine[Any, Any, A]) -> tuple[A, ...]: ...


async def all_of(*calls: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Runs all calls concurrently, and returns their results in order.

    If a call fails, for example because its task is canceled in KuFlow, the other calls are canceled, both in the
    workflow and in KuFlow. The function then raises the exception from the call that failed.
    """
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await workflow.wait(tasks)
