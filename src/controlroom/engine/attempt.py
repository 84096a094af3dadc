"""Trying what others wrote: whatever it raises is a value here, and brings nothing down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


async def attempt(work: Coroutine[object, object, T]) -> T | BaseException:
    """The result of `work`, or what it raised; cancelling the caller cancels the work."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    if task.cancelled():
        return asyncio.CancelledError()
    return task.exception() or task.result()
