"""What becomes of screen and engine when the terminal stops reading, and when it is gone."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.processes import usage
from bench.starts import PATIENCE_S

from controlroom.control.client import Connection
from controlroom.control.protocol import Beat, Hello

if TYPE_CHECKING:
    from bench.programs import Program
    from bench.scripted_engine import ScriptedEngine
    from bench.terminal.session import Session

_SHOWN = re.compile(r"(\d\d):(\d\d):(\d\d)Z")
_FRESH_S = 2
"""A clock that is drawn once a second and shown in whole seconds is at most this old."""

_EVERY_S = 0.4
"""Between keys: longer than a screen waits to see that they are no burst."""
_FRAME = re.compile(r"[^A-Za-z│╭╮╰╯\n]")
_KEY_LINES = 2


@dataclass(frozen=True)
class Stall:
    """A terminal that stopped reading, and then read on."""

    beat_gap_s: float
    """The longest silence of the engine towards another client meanwhile; it beats once a second."""

    ping_ms: float
    """The longest that the engine took to answer that client."""

    engine_growth: int
    screen_growth: int
    """Bytes of memory."""

    caught_up_s: float
    whole: bool
    """Whether the picture was the one of before then, apart from numbers."""


@dataclass(frozen=True)
class Closing:
    """A terminal that was closed."""

    gone_s: float
    cpu_s: float
    code: int | None


def stall(program: Program, engine: ScriptedEngine, seconds: float) -> Stall:
    """Read nothing for `seconds`, while pages that open and close make more output than any terminal keeps."""
    with program.open() as session:
        session.wait_for(program.painted.search, PATIENCE_S)
        session.take_for(2.0)
        before = session.look()
        screen, served = session.memory, usage(engine.pid).rss
        gap, ping, most = asyncio.run(_observe(engine, session, seconds))
        grown = usage(engine.pid).rss - served
        resumed = time.perf_counter()
        caught_up = session.wait_for(_is_fresh, PATIENCE_S) - resumed
        session.press("\x1b")  # should a busy machine have delivered two keys as one
        session.take_for(3.0)
        after = session.look()
        session.press("q")
        session.ended_within(PATIENCE_S)
    return Stall(gap, ping, grown, most - screen, caught_up, _frame(before) == _frame(after))


async def _observe(engine: ScriptedEngine, session: Session, seconds: float) -> tuple[float, float, int]:
    """Longest silence (s) and longest answer (ms) of the engine, most memory of the screen, while keys come."""
    gap = ping = 0.0
    most = session.memory
    connection = await Connection.open(engine.socket, Hello(role="watch"))

    async def listen() -> None:
        nonlocal gap
        heard = time.monotonic()
        async for reply in connection:
            if isinstance(reply, Beat):
                gap, heard = max(gap, time.monotonic() - heard), time.monotonic()

    listening = asyncio.create_task(listen())
    for _ in range(2 * round(seconds / _EVERY_S / 2)):  # an even number: the main screen is on top at the end
        session.press("b")
        await asyncio.sleep(_EVERY_S)
        ping = max(ping, 1000 * await connection.ping())
        most = max(most, session.memory)
    listening.cancel()
    await connection.detach()
    return gap, ping, most


def closing(program: Program) -> Closing:
    """Close the terminal under the screen."""
    with program.open() as session:
        session.wait_for(program.painted.search, PATIENCE_S)
        session.take_for(2.0)
        spent, closed = session.cpu_s, time.perf_counter()
        session.hang_up()
        session.ended_within(PATIENCE_S)
        return Closing(time.perf_counter() - closed, session.cpu_s - spent, session.code)


def _is_fresh(text: str) -> bool:
    shown = _SHOWN.search(text)
    if shown is None:
        return False
    hours, minutes, seconds = (int(part) for part in shown.groups())
    now = datetime.now(UTC)
    behind = (now.hour - hours) * 3600 + (now.minute - minutes) * 60 + now.second - seconds
    return behind % 86400 <= _FRESH_S


def _frame(text: str) -> list[str]:
    return [_FRAME.sub("", line) for line in text.splitlines()[:-_KEY_LINES]]
