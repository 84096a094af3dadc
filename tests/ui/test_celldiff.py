"""The cell diff: whatever was written before, the terminal ends up with exactly the picture, in few bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from tests.ui.moments import breaching, deploying
from tests.ui.session import session
from tests.ui.terminal_emulator import Emulator
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from controlroom.ui.terminal.celldiff import CellDiff

if TYPE_CHECKING:
    from tests.ui.session import Session

WIDTH, HEIGHT = 24, 6
STYLES = [
    None,
    Style.parse("red"),
    Style.parse("bold #102030 on #405060"),
    Style.parse("on blue"),
    Style.parse("reverse"),
]
pieces = st.lists(
    st.tuples(st.text("abc ─█日本é́", min_size=1, max_size=9), st.sampled_from(STYLES)), min_size=1, max_size=5
)


def strip_of(parts: list[tuple[str, Style | None]]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(WIDTH)


def layout(rows: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in rows], Region(0, 0, WIDTH, len(rows)))


def shown(diff: CellDiff, terminal: Emulator, rows: list[Strip]) -> str:
    data = diff.encode(layout(rows), WIDTH, HEIGHT, ColorSystem.TRUECOLOR)
    terminal.feed(data)
    return data


@given(pictures=st.lists(st.lists(pieces, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_after_any_sequence_of_pictures_the_terminal_shows_the_last(
    pictures: list[list[list[tuple[str, Style | None]]]],
) -> None:
    """Cell by cell the same as a full repaint on an empty terminal, wide and combining characters included."""
    diff, terminal = CellDiff(), Emulator(WIDTH + 1, HEIGHT)
    for picture in pictures:
        rows = [strip_of(parts) for parts in picture]
        shown(diff, terminal, rows)
        fresh = Emulator(WIDTH + 1, HEIGHT)
        shown(CellDiff(), fresh, rows)
        assert terminal.cells == fresh.cells
        wanted = ["".join(segment.text for segment in row).lstrip("\u0301").rstrip() for row in rows]
        assert fresh.text().split("\n") == wanted


def test_the_same_picture_costs_nothing() -> None:
    """Not one byte."""
    diff, rows = CellDiff(), [strip_of([("steady", None)])] * HEIGHT
    assert diff.encode(layout(rows), WIDTH, HEIGHT, None)
    assert diff.encode(layout(rows), WIDTH, HEIGHT, None) == ""


def test_one_changed_cell_costs_a_move_and_the_cell() -> None:
    """A ticking second rewrites a digit, not a line."""
    diff = CellDiff()
    before = [strip_of([("00:00:01", STYLES[2])])] * HEIGHT
    after = [strip_of([("00:00:02", STYLES[2])]), *before[1:]]
    diff.encode(layout(before), WIDTH, HEIGHT, ColorSystem.TRUECOLOR)
    data = diff.encode(layout(after), WIDTH, HEIGHT, ColorSystem.TRUECOLOR)
    assert data.endswith("2")
    assert len(data) < 50


def test_forgetting_repaints_everything() -> None:
    """After a stalled terminal or a new size nothing is taken for granted."""
    diff, rows = CellDiff(), [strip_of([("picture", None)])] * HEIGHT
    first = diff.encode(layout(rows), WIDTH, HEIGHT, None)
    diff.forget()
    assert diff.encode(layout(rows), WIDTH, HEIGHT, None) == first


def test_partial_updates_reach_their_place() -> None:
    """Chops: a strip in the middle of a line, the rest of the line as it was."""
    diff, terminal = CellDiff(), Emulator(WIDTH + 1, HEIGHT)
    shown(diff, terminal, [strip_of([("." * WIDTH, None)])] * HEIGHT)
    chops: list[dict[int, Strip | None]] = [dict.fromkeys((0, 10), None) for _ in range(HEIGHT)]
    chops[2][10] = Strip([Segment("HERE", STYLES[1])])
    update = ChopsUpdate(chops, [(2, 10, 14)], [[10, WIDTH] for _ in range(HEIGHT)])
    terminal.feed(diff.encode(update, WIDTH, HEIGHT, ColorSystem.TRUECOLOR))
    assert terminal.text().splitlines()[2] == "." * 10 + "HERE" + "." * 10
    assert terminal.text().splitlines()[1] == "." * WIDTH


@pytest.mark.parametrize(
    ("x", "shown_row"), [(-3, "ABCDEFG"), (WIDTH - 3, "." * (WIDTH - 3) + "xyz"), (WIDTH, ""), (WIDTH + 9, "")]
)
def test_what_lies_beyond_the_screen_is_left_out(x: int, shown_row: str) -> None:
    """A picture for another size may come late, in a storm of resizes."""
    diff, terminal = CellDiff(), Emulator(WIDTH + 1, HEIGHT)
    shown(diff, terminal, [strip_of([("." * WIDTH, None)])] * HEIGHT)
    strip = Strip([Segment("xyzABCDEFG")])
    terminal.feed(diff.change([(1, x, (strip,)), (HEIGHT + 3, 0, (strip,)), (-1, 0, (strip,))], WIDTH, HEIGHT, None))
    row = terminal.text().split("\n")[1]
    assert row == (shown_row + "." * WIDTH)[:WIDTH]
    assert terminal.text().split("\n")[2] == "." * WIDTH


def test_without_colours_only_attributes_are_written() -> None:
    """NO_COLOR: no 38 and no 48 in the stream."""
    data = CellDiff().encode(layout([strip_of([("x", STYLES[2])])] * HEIGHT), WIDTH, HEIGHT, None)
    assert "\x1b[0;1m" in data
    assert "38;" not in data


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_the_real_screen_through_the_diff_equals_a_full_repaint(size: tuple[int, int]) -> None:
    """Through events, keys, dialogs pushed and popped, pages, themes and a resize."""
    async with session(deploying(), size=size) as s:
        watched = Watched(s)
        await watched.compare()
        await s.chapter(lambda story: story.end_step("catalog"))
        await watched.compare()
        for keys in (("r",), ("escape",), ("?",), ("pagedown",), ("escape",), ("c", "down"), ("t",), ("b",), ("b",)):
            await s.press(*keys)
            await watched.compare()
        await s.resize(100, 30)
        await watched.compare()


async def test_streaming_is_cheap() -> None:
    """A second of a quiet run costs a few hundred bytes at most."""
    async with session(breaching()) as s:
        watched = Watched(s)
        await watched.compare()
        costs = []
        for _ in range(5):
            s.story.wait(1)
            s.link.say(s.story.snapshot())
            await s.wait(1)
            costs.append(await watched.compare())
        assert max(costs) < 1500


class Watched:
    """Follows a session with a diff, and compares with a terminal that got everything."""

    def __init__(self, s: Session) -> None:
        self._session = s
        self._diff = CellDiff()
        self._terminal: Emulator | None = None

    async def compare(self) -> int:
        """Bring the terminal up to date; its bytes. Fails where it differs from a full repaint."""
        app = self._session.app
        await self._session.settle()
        _ = self._session.picture
        width, height = app.size
        update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
        assert isinstance(update, LayoutUpdate)
        update.strips = [list(line) for line in update.strips]
        if self._terminal is None or (self._terminal.width, self._terminal.height) != (width + 1, height):
            self._terminal = Emulator(width + 1, height)
        data = self._diff.encode(update, width, height, ColorSystem.TRUECOLOR)
        self._terminal.feed(data)
        fresh = Emulator(width + 1, height)
        fresh.feed(CellDiff().encode(update, width, height, ColorSystem.TRUECOLOR))
        assert self._terminal.cells == fresh.cells
        return len(data.encode())
