"""A job that lives in the engine itself: a task whose end, also by cancellation, is an outcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from controlroom.ports import Outcome


class TaskJob:
    """Runs `work`; `when_cancelled` says what a cancellation came to, once the work has let go of everything."""

    def __init__(self, work: Coroutine[Any, Any, Outcome], when_cancelled: Callable[[], Outcome]) -> None:
        self._when_cancelled = when_cancelled
        self._task = asyncio.create_task(work)

    async def wait(self) -> Outcome:
        """The outcome, once it is there; cancelling the one who waits does not end the work."""
        await asyncio.wait({self._task})
        return self._when_cancelled() if self._task.cancelled() else self._task.result()

    async def cancel(self) -> Outcome:
        """End the work; of one that had ended already, its own outcome."""
        self._task.cancel()
        return await self.wait()
