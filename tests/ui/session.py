"""Drives the real app as an operator would, over a scripted engine and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.ui.story import RUN, Story
from textual import events
from textual.keys import _character_to_key

from controlroom.control import protocol as wire
from controlroom.errors import EngineUnreachable, Refused
from controlroom.ui.app import ControlRoomApp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from textual.pilot import Pilot

    from controlroom.run import events as ev
    from controlroom.run.columns import HistoryPart
    from controlroom.run.commands import Command

SETTLES = 25
"""Rounds of the loop in which messages go from the app through a screen to a widget and back."""

NAMED = {
    "shift+tab",
    "enter",
    "escape",
    "tab",
    "backspace",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
}


class HandTiming:
    """Time that passes only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._number = itertools.count()
        self._due: list[tuple[float, int, Callable[[], object]]] = []

    def monotonic(self) -> float:
        return self.now

    def after(self, seconds: float, callback: Callable[[], object]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._number), callback))

    def next_due(self, until: float) -> Callable[[], object] | None:
        """The next callback not later than `until`; time moves to it."""
        if not self._due or self._due[0][0] > until:
            self.now = until
            return None
        at, _, callback = heapq.heappop(self._due)
        self.now = max(self.now, at)
        return callback


class ScriptedLink:
    """An engine that says what a test tells it, and notes what it is asked."""

    def __init__(self, story: Story, timing: HandTiming) -> None:
        self.story, self.timing = story, timing
        self.trouble = ""
        self.status = "LIVE"
        self.heard = timing.now
        self.given: list[Command] = []
        self.refuses = ""
        self.unreachable = ""
        self.hears = asyncio.Event()
        self.hears.set()
        self.closed = False
        self.connections = 0
        self.log = "first line\nsecond line\nthird line\n"
        self.reads: list[tuple[int, int]] = []
        self.looks: list[tuple[str, float, int]] = []
        self.past: HistoryPart | None = None
        self._said: asyncio.Queue[wire.Reply | None] = asyncio.Queue()

    @property
    def age_s(self) -> float:
        return self.timing.now - self.heard

    def say(self, reply: wire.Reply) -> None:
        self.heard = self.timing.now
        self._said.put_nowait(reply)

    async def replies(self) -> AsyncGenerator[wire.Reply, None]:
        self.connections += 1
        while (reply := await self._said.get()) is not None:
            yield reply

    async def give(self, command: Command) -> wire.Answered:
        if self.unreachable:
            raise EngineUnreachable(self.unreachable)
        self.given.append(command)
        await self.hears.wait()
        name = type(command).__name__
        return wire.Answered(id="1", ok=not self.refuses, message=self.refuses or f"{name} accepted")

    async def read_log(self, job: str, offset: int = 0, limit: int = 32768) -> wire.LogPart:
        self.reads.append((offset, limit))
        if not job:
            raise Refused("there is no such job")
        data = self.log.encode()
        start = max(0, len(data) + offset) if offset < 0 else min(offset, len(data))
        text = data[start : start + limit].decode("utf-8", "replace")
        return wire.LogPart(id="1", job=job, offset=start, size=len(data), text=text)

    async def read_history(self, series: str, span_s: float, columns: int) -> HistoryPart:
        self.looks.append((series, span_s, columns))
        if self.past is None:
            raise Refused("samples cannot be read")
        return self.past

    async def ping(self) -> float:
        return 0.008

    async def close(self) -> None:
        self.closed = True
        self._said.put_nowait(None)


class Session:
    """What a test does and sees."""

    def __init__(self, app: ControlRoomApp, pilot: Pilot[None], link: ScriptedLink, timing: HandTiming) -> None:
        self.app, self.pilot, self.link, self.timing = app, pilot, link, timing

    @property
    def story(self) -> Story:
        return self.link.story

    @property
    def given(self) -> list[Command]:
        """Every command that reached the engine."""
        return self.link.given

    async def settle(self) -> None:
        """Let every message find its widget; faster than waiting for the process to be idle."""
        for _ in range(SETTLES):
            await asyncio.sleep(0)

    # -- the operator

    async def key(self, name: str) -> None:
        """One key, now; nothing else passes."""
        if name in NAMED or name.startswith("ctrl+"):
            character = {"enter": "\r", "tab": "\t"}.get(name)
            event = events.Key(name, character)
        else:
            event = events.Key(name if name.isalnum() else _character_to_key(name), name)
        event.time = self.timing.now
        self.app.post_message(event)
        await self.settle()

    async def press(self, *names: str) -> None:
        """Keys as a human presses them: half a second apart."""
        for name in names:
            await self.key(name)
            await self.wait(0.5)

    async def types(self, text: str, gap: float = 0.1) -> None:
        """Text as a human types it."""
        for character in text:
            await self.key(character)
            await self.wait(gap)

    async def confirm(self, *texts: str) -> None:
        """Fill in a prompt that has just opened, field by field, each with Enter."""
        await self.wait(0.5)
        for text in texts:
            await self.types(text)
            await self.wait(0.3)
            await self.key("enter")

    async def burst(self, text: str) -> None:
        """Characters all at once, as a terminal without bracketed paste sends a paste."""
        for character in text:
            event = events.Key("enter", "\r") if character == "\n" else None
            event = event or events.Key(character if character.isalnum() else _character_to_key(character), character)
            event.time = self.timing.now
            self.app.post_message(event)
        await self.settle()
        await self.wait(0.5)

    async def paste(self, text: str) -> None:
        """A bracketed paste."""
        self.app.post_message(events.Paste(text))
        await self.settle()

    async def wait(self, seconds: float) -> None:
        """Time passes; the engine beats once a second while it is heard."""
        until = self.timing.now + seconds
        while (callback := self.timing.next_due(until)) is not None:
            callback()
            await self.settle()
        await self.settle()

    async def resize(self, width: int, height: int) -> None:
        """Another size of the terminal."""
        await self.pilot.resize_terminal(width, height)
        await self.settle()

    # -- the engine

    async def tell(self, event: ev.Event, actor: str = "engine") -> None:
        """Something happens, and the screen hears of it."""
        before = len(self.story.records)
        self.story.tell(event, actor)
        await self.hear(before)

    async def hear(self, since: int) -> None:
        """Everything that the story told from record `since` on."""
        for record in self.story.records[since:]:
            self.link.say(wire.Happened(record=record))
        await self.settle()
        await self.wait(0.1)

    async def chapter(self, tell: Callable[[Story], object]) -> None:
        """A chapter of the story happens."""
        before = len(self.story.records)
        tell(self.story)
        self.link.say(wire.Sampled(samples=tuple(self.story.samples.values())))
        self.link.say(wire.Beat(at=self.story.now.timestamp(), elapsed_s=self.story.elapsed))
        await self.hear(before)
        await self.wait(1.0)

    # -- the eye

    @property
    def picture(self) -> str:
        """What is on screen, as text."""
        screen = self.app.screen
        for shown in self.app.screen_stack:
            shown._on_timer_update()
        update = screen._compositor.render_update(full=True, screen_stack=self.app._background_screens)
        return "\n".join("".join(strip.text for strip in line).rstrip() for line in update.strips)  # type: ignore[union-attr]

    def sees(self, *words: str) -> bool:
        """Whether all of `words` are on screen; a failure shows the picture."""
        picture = self.picture
        for word in words:
            assert word in picture, f"{word!r} is not on screen:\n{picture}"
        return True

    def misses(self, *words: str) -> bool:
        """Whether none of `words` is on screen."""
        picture = self.picture
        for word in words:
            assert word not in picture, f"{word!r} is on screen:\n{picture}"
        return True


def greeting(story: Story, timing: HandTiming, *, operator: str = "ana", may_drive: bool = True) -> ScriptedLink:
    """A link that has everything to say that an engine says to who attaches."""
    link = ScriptedLink(story, timing)
    link.say(wire.Welcome(run=RUN, operator=operator, may_drive=may_drive))
    link.say(story.snapshot())
    link.say(wire.Presence(screens=("ana",), observers=3))
    link.say(wire.Beat(at=story.now.timestamp(), elapsed_s=story.elapsed))
    return link


@asynccontextmanager
async def session(
    story: Story | None = None,
    *,
    size: tuple[int, int] = (160, 48),
    operator: str = "ana",
    may_drive: bool = True,
    read_only: bool = False,
    no_color: bool = False,
    ascii_only: bool = False,
    theme: str = "control-dark",
    report: Callable[[], str] | None = None,
    notice: str = "",
) -> AsyncIterator[Session]:
    """The app, attached to an engine that has told `story` so far."""
    timing = HandTiming()
    link = greeting(story or Story(), timing, operator=operator, may_drive=may_drive)
    app = ControlRoomApp(
        link,
        read_only=read_only,
        timing=timing,
        no_color=no_color,
        ascii_only=ascii_only,
        theme=theme,
        report=report,
        notice=notice,
    )
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        driven = Session(app, pilot, link, timing)
        await driven.wait(0.1)
        yield driven
