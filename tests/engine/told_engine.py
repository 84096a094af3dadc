"""A fake engine whose run is told to somebody: a mailbox that can be down, slow, rude or broken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.engine.fake_engine import FakeEngine

from controlroom.adapters.fakes import FakeKit
from controlroom.engine.outbox import Outbox
from controlroom.errors import Undelivered
from controlroom.run.notices import NoticeKind

if TYPE_CHECKING:
    from controlroom.adapters.clock import ManualClock
    from controlroom.run.events import Record
    from controlroom.run.notices import Notice

ALL = frozenset(NoticeKind)


@dataclass
class Mailbox:
    """Somebody to tell. `failure` is raised instead of taking a message; `hangs` takes it after that many seconds.

    It outlives engines, as a channel does: `posts` holds each message by its receipt, as it reads now.
    """

    clock: ManualClock
    failure: Exception | None = None
    hangs: float = 0.0
    kinds: frozenset[NoticeKind] = ALL
    gap_s: float = 1.0
    tries: list[tuple[float, Notice]] = field(default_factory=list)
    taken: list[Notice] = field(default_factory=list)
    posts: dict[str, Notice] = field(default_factory=dict)
    threads: list[str] = field(default_factory=list)

    def takes(self, notice: Notice) -> bool:
        """Notices of its kinds."""
        return notice.kind in self.kinds

    async def look(self) -> str:
        """Here."""
        return "a mailbox"

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Take `notice`, or fail as told."""
        self.tries.append((self.clock.monotonic(), notice))
        if self.hangs:
            await self.clock.sleep(self.hangs)
        if self.failure is not None:
            raise self.failure
        self.taken.append(notice)
        self.threads.append(thread)
        receipt = receipt or f"m{len(self.posts) + 1}"
        self.posts[receipt] = notice
        return receipt

    def told(self, kind: NoticeKind) -> list[str]:
        """The headlines of one kind that were taken, in order."""
        return [notice.headline for notice in self.taken if notice.kind is kind]

    def texts(self) -> list[str]:
        """Everything that was taken, whole."""
        return ["\n".join((notice.headline, *notice.lines)) for notice in self.taken]


def refused(why: str = "HTTP 503", **how: Any) -> Undelivered:
    """What a notifier raises."""
    return Undelivered(why, **how)


class TellingEngine(FakeEngine):
    """Puts an outbox beside the engine that it is mixed into; its `kit` says who is told."""

    outbox: Outbox | None = None

    def _assemble(self) -> None:
        super()._assemble()
        self.outbox = Outbox(self.kit.notifiers(), self.ledger, self.clock)

    def _published(self, record: Record) -> None:
        super()._published(record)
        if self.outbox is not None:
            self.outbox.take(record)

    async def _live(self) -> None:
        """Live while the outbox delivers, and wait for it for a moment in the end."""
        assert self.outbox is not None
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self.outbox.run())
            await group.create_task(super()._live())
            await self.outbox.drain(10.0)
            telling.cancel()


class ToldEngine(TellingEngine):
    """A fake engine with an outbox; hand the same mailboxes on to recover."""

    def __init__(self, *args: Any, told: dict[str, Mailbox], **options: Any) -> None:
        super().__init__(*args, **options)
        self.told = told
        self.kit = FakeKit(self.world, told=told)
