"""Pictures of the screen, compared with kept ones: sizes, themes, no colour, dialogs and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
from tests.ui.moments import breaching, deploying, failed, held, smoking, watching
from tests.ui.session import HandTiming, Session, greeting

from controlroom.ui.app import ControlRoomApp

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.ui.story import Story
    from textual.pilot import Pilot

SIZES = {"160x48": (160, 48), "120x36": (120, 36), "80x24": (80, 24)}


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(
        self, app: ControlRoomApp, *, terminal_size: tuple[int, int], run_before: Callable[[Pilot[None]], object]
    ) -> bool: ...


def same(
    snap_compare: SnapCompare,
    moment: Callable[[], Story],
    size: str,
    *keys: str,
    theme: str = "control-dark",
    no_color: bool = False,
    ascii_only: bool = False,
) -> bool:
    """Whether the screen looks as kept, after `keys`."""
    timing = HandTiming()
    story = moment()
    link = greeting(story, timing)
    app = ControlRoomApp(link, timing=timing, theme=theme, no_color=no_color, ascii_only=ascii_only)

    async def act(pilot: Pilot[None]) -> None:
        s = Session(app, pilot, link, timing)
        await s.settle()
        app.mirror.records.extend(story.records[-20:])
        await s.wait(0.1)
        await s.press(*keys)
        s.timing.now = 1003.0
        await s.wait(0.9)
        await pilot.pause()

    return snap_compare(app, terminal_size=SIZES[size], run_before=act)


@pytest.mark.parametrize("size", SIZES)
def test_a_held_run(snap_compare: SnapCompare, size: str) -> None:
    """Alarm, hold and breach at the three designed sizes."""
    assert same(snap_compare, held, size)


@pytest.mark.parametrize("size", SIZES)
def test_a_held_run_in_high_contrast(snap_compare: SnapCompare, size: str) -> None:
    """The same, in the theme of highest contrast."""
    assert same(snap_compare, held, size, theme="high-contrast")


@pytest.mark.parametrize("size", SIZES)
def test_a_held_run_without_colour(snap_compare: SnapCompare, size: str) -> None:
    """NO_COLOR: words, shapes and weight carry everything."""
    assert same(snap_compare, held, size, no_color=True)


def test_a_healthy_run_in_ascii(snap_compare: SnapCompare) -> None:
    """A locale without UTF-8."""
    assert same(snap_compare, deploying, "80x24", ascii_only=True)


def test_the_rollback_prompt(snap_compare: SnapCompare) -> None:
    """The question over a breach."""
    assert same(snap_compare, breaching, "160x48", "r")


def test_the_failure_menu(snap_compare: SnapCompare) -> None:
    """What now."""
    assert same(snap_compare, failed, "80x24", "f")


def test_the_checklist(snap_compare: SnapCompare) -> None:
    """Worked by keys, evidence in sight."""
    assert same(snap_compare, smoking, "120x36", "c")


def test_the_watch(snap_compare: SnapCompare) -> None:
    """Hours later, in the light theme."""
    assert same(snap_compare, watching, "120x36", theme="control-light")


def test_help(snap_compare: SnapCompare) -> None:
    """Every key."""
    assert same(snap_compare, held, "120x36", "?")


def test_broadcast(snap_compare: SnapCompare) -> None:
    """The shared picture."""
    assert same(snap_compare, held, "80x24", "b")
