"""Whatever the size and the moment, every pane fills exactly its box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bench.plans import many_services
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ui.moments import EVERY, look
from tests.ui.story import Story

from controlroom.ui import actions, keymap
from controlroom.ui.presenter import layout
from controlroom.ui.presenter.broadcast import broadcast
from controlroom.ui.presenter.detail import detail_rows
from controlroom.ui.presenter.keys import QUIET
from controlroom.ui.presenter.layout import Box, Demand, arrange, body_box, form_of, strip_room
from controlroom.ui.presenter.prompt import dialog
from controlroom.ui.presenter.scene import FACES, Kept, Scene
from controlroom.ui.presenter.text import width_of
from controlroom.ui.presenter.typed import Typed
from controlroom.ui.questions import QUESTIONS
from controlroom.ui.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View

SIZES = ((160, 48), (120, 36), (80, 24), (80, 16), (64, 18), (40, 10), (20, 5), (200, 60), (300, 100), (10, 3))


def exact(lines: list[Line], width: int, height: int) -> None:
    assert len(lines) == height
    assert [width_of(line) for line in lines] == [width] * height


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
def test_every_pane_fills_its_box(moment: Callable[[], Story], size: tuple[int, int]) -> None:
    """No pane is too wide, too narrow, too high or too low, at any size."""
    view = look(moment())
    width, height = size
    for pane in layout.PANES:
        boxes = arrange(width, height, demand_of(view, width, height), pane)
        at = Situation(view=view, service="auth", item="login", pane=pane)
        scene = Scene(
            view=view,
            form=form_of(width, height),
            service="auth",
            item="login",
            pane=pane,
            pressed=("a", "3", "enter"),
            hints=keymap.hints(at),
        )
        for name, box in boxes.items():
            lines = FACES[name].lines(scene, box, Kept())
            assert all(width_of(line) == box.width for line in lines), name
            assert len(lines) <= box.height, name


def demand_of(view: View, width: int, height: int) -> Demand:
    from controlroom.ui.presenter.strip import strip  # noqa: PLC0415 - used here only

    lines = strip(view, width, strip_room(form_of(width, height)))
    return Demand(strip=len(lines), sequence=10, trends=10, checklist=5)


@given(width=st.integers(1, 320), height=st.integers(1, 120), strip=st.integers(0, 6), rows=st.integers(0, 200))
@settings(max_examples=300, deadline=None)
def test_boxes_never_overlap_nor_leave_the_screen(width: int, height: int, strip: int, rows: int) -> None:
    """The arrangement is a partition of the terminal: every cell belongs to at most one pane."""
    for lower in layout.PANES:
        boxes = arrange(width, height, Demand(strip=strip, sequence=rows, trends=rows, checklist=rows), lower)
        taken = sum(box.width * box.height for box in boxes.values())
        assert taken <= width * height
        assert all(b.x >= 0 and b.y >= 0 and b.width > 0 and b.height > 0 for b in boxes.values()), boxes
        assert all(b.x + b.width <= width and b.y + b.height <= height for b in boxes.values()), boxes
        assert not any(overlap(a, b) for n, a in boxes.items() for m, b in boxes.items() if n < m), boxes


def overlap(one: Box, other: Box) -> bool:
    apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
    apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
    return not (apart_x or apart_y)


@pytest.mark.parametrize(("width", "height"), [(160, 48), (120, 36), (80, 24)])
def test_designed_sizes_use_the_whole_screen(width: int, height: int) -> None:
    """At the three designed sizes no line is left empty by the arrangement."""
    boxes = arrange(width, height, Demand(strip=2, sequence=10, trends=10, checklist=5))
    assert sum(b.width * b.height for b in boxes.values()) == width * height


LEAST = {layout.HEADER, layout.STRIP, layout.SEQUENCE, layout.HINTS}


@pytest.mark.parametrize(
    ("size", "more"),
    [
        ((60, 15), {layout.STATUS, layout.KEYLINE}),
        ((40, 8), {layout.STATUS}),
        ((30, 6), {layout.STATUS}),
        ((30, 4), set()),
    ],
)
def test_below_the_designed_sizes_what_matters_remains(size: tuple[int, int], more: set[str]) -> None:
    """UX rule 9: header, phase and hold, alarm strip, running step and the hold key stay; more where there is room."""
    boxes = arrange(*size, Demand(strip=1, sequence=10, trends=10, checklist=5), layout.SEQUENCE)
    assert set(boxes) == LEAST | more


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_sixty_services_fit_any_box(size: tuple[int, int]) -> None:
    """A plan of 60 services is windowed around the selection."""
    view = look(Story(many_services(60)).chart(20))
    width, height = size
    boxes = arrange(width, height, Demand(strip=0, sequence=65, trends=180, checklist=5))
    scene = Scene(view=view, form=form_of(width, height), service="svc-30", item="login", pane=layout.SEQUENCE)
    for name, box in boxes.items():
        lines = FACES[name].lines(scene, box, Kept())
        assert all(width_of(line) == box.width for line in lines), name
        if name == layout.SEQUENCE and form_of(width, height) is not layout.Form.TINY:
            assert any("Service 30" in span.text and span.lit for line in lines for span in line)


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
def test_broadcast_fills_the_screen(moment: Callable[[], Story], size: tuple[int, int]) -> None:
    """The shared picture has exactly the terminal's size."""
    exact(broadcast(look(moment()), *size, ("a",), QUIET), *size)


@pytest.mark.parametrize("width", [160, 92, 80, 60, 40, 20])
@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
def test_dialogs_and_details_keep_their_width(moment: Callable[[], Story], width: int) -> None:
    """A dialog is as wide as its frame; a page's rows are as wide as the page."""
    view = look(moment())
    at = Situation(view=view, service="auth", item="login")
    for action in actions.ACTIONS:
        if action.id not in QUESTIONS or action.disabled_reason(at):
            continue
        prompt = QUESTIONS[action.id](at)
        if prompt is None:
            continue
        lines = dialog(prompt, Typed(0.0, 2), 0, view, 1.0, width)
        assert {width_of(line) for line in lines} == {min(width, 92)}, action.id
    assert all(width_of(line) == width for line in detail_rows(view, "auth", width))


def test_a_page_leaves_header_alarms_and_key_line_in_sight() -> None:
    """Detail, log, chart and help lie over the panes only."""
    assert body_box(160, 48, 2) == Box(0, 4, 160, 42)
    assert body_box(80, 24, 0) == Box(0, 2, 80, 20)
