"""From a key to what it changes on the terminal, at moments that no timer of the program favours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.starts import PATIENCE_S

if TYPE_CHECKING:
    from random import Random

    from bench.programs import Program

WARM_UP = 2
"""Keys that are not counted: the first of a session pays for what every later one finds ready."""

BETWEEN_S = (0.15, 1.15)
"""A full second apart at random: streams come once a second."""

GIVE_UP_S = 3.0


def latencies(program: Program, count: int, random: Random) -> list[float]:
    """Milliseconds from each of `count` keys to the first picture that shows what it did."""
    times = []
    with program.open() as session:
        session.wait_for(program.painted.search, PATIENCE_S)
        session.take_for(1.0)
        keys = program.keys()
        for number in range(WARM_UP + count):
            session.take_for(random.uniform(*BETWEEN_S))
            before = program.moved.findall(session.look())
            pressed = session.press(next(keys))
            shown = session.wait_for(lambda text, old=before: program.moved.findall(text) != old, GIVE_UP_S)  # type: ignore[misc]
            if number >= WARM_UP:
                times.append(1000 * (shown - pressed))
        session.press("q")
        session.ended_within(PATIENCE_S)
    return times
