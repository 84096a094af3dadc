"""What each pane of the main screen shows of a scene, and what of the scene it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from controlroom.ui.presenter import layout
from controlroom.ui.presenter.checklist import checklist
from controlroom.ui.presenter.frames import Scroll
from controlroom.ui.presenter.header import header, status
from controlroom.ui.presenter.journal import journal
from controlroom.ui.presenter.keys import QUIET, Hint, Said, answered, hints, key_line
from controlroom.ui.presenter.layout import Box, Form
from controlroom.ui.presenter.sequence import compact, sequence
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.tabs import tab_title
from controlroom.ui.presenter.trends import trends
from controlroom.ui.presenter.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controlroom.ui.presenter.text import Line


class Scene(Struct, frozen=True, kw_only=True):
    """Everything that the main screen draws from."""

    view: View
    form: Form
    service: str
    item: str
    pane: str
    back: int = 0
    pressed: tuple[str, ...] = ()
    said: Said = QUIET
    hints: tuple[Hint, ...] = ()
    hold: str = "p"
    """The key that holds now: where letters are typed, `p` is one of them."""


class Kept:
    """What a pane has worked out for one view, for when a key asks for other rows of it, and where it is scrolled."""

    def __init__(self) -> None:
        self.of_view: dict[object, Any] = {}
        self.scroll = Scroll()


class Face(NamedTuple):
    """A pane's picture, and what it depends on beside the view: a key that changes none of it costs nothing."""

    lines: Callable[[Scene, Box, Kept], list[Line]]
    depends: Callable[[Scene], object] = lambda _: None


def _sequence(scene: Scene, box: Box, kept: Kept) -> list[Line]:
    if scene.form is Form.TINY:
        return compact(scene.view, box.width, box.height, selected=scene.service)
    return sequence(
        scene.view,
        box.width,
        box.height,
        selected=scene.service,
        focused=scene.pane == layout.SEQUENCE,
        kept=kept.of_view,
        scroll=kept.scroll,
    )


def _trends(scene: Scene, box: Box, kept: Kept) -> list[Line]:
    return trends(
        scene.view,
        box.width,
        box.height,
        selected=scene.service,
        focused=scene.pane == layout.TRENDS,
        title=_tabs(layout.TRENDS, scene),
        kept=kept.of_view,
        scroll=kept.scroll,
    )


def _checklist(scene: Scene, box: Box, _kept: Kept) -> list[Line]:
    focused, title = scene.pane == layout.CHECKLIST, _tabs(layout.CHECKLIST, scene)
    return checklist(scene.view, box.width, box.height, selected=scene.item, focused=focused, title=title)


def _journal(scene: Scene, box: Box, _kept: Kept) -> list[Line]:
    focused, title = scene.pane == layout.JOURNAL, _tabs(layout.JOURNAL, scene)
    return journal(scene.view, box.width, box.height, focused=focused, back=scene.back, title=title)


def _tabs(pane: str, scene: Scene) -> Line | None:
    """Where one of three panes has room, its title names all three."""
    return tab_title(pane, scene.view) if scene.form is Form.SMALL else None


def _trends_depend(scene: Scene) -> object:
    """Unfocused, the rows follow the selection with the next tick: moving them all is no answer to a key."""
    focused = scene.pane == layout.TRENDS
    return focused, scene.service if focused else ""


def _beside(scene: Scene, box: Box) -> str:
    """The hold key for the key line, until the run is over; where there is little room the hints have it anyway."""
    return scene.hold if box.width >= layout.ROOMY and not scene.view.state.phase.terminal else ""


def _hints(scene: Scene, box: Box, _kept: Kept) -> list[Line]:
    """The keys; where there is no key line the last answer takes their place, and the key that holds stays."""
    if scene.said.text and box.y + 1 < layout.KEYLINE_FROM:
        hold = [hint for hint in scene.hints if hint.key == scene.hold]
        return [answered(scene.said, hold, box.width)]
    return [hints(scene.service, scene.hints, box.width)]


FACES: Mapping[str, Face] = {
    layout.HEADER: Face(lambda scene, box, _: [header(scene.view, box.width)]),
    layout.STATUS: Face(lambda scene, box, _: [status(scene.view, box.width)]),
    layout.STRIP: Face(
        lambda scene, box, _: strip(scene.view, box.width, box.height, hold=scene.hold), lambda scene: scene.hold
    ),
    layout.SEQUENCE: Face(_sequence, lambda scene: (scene.service, scene.pane == layout.SEQUENCE)),
    layout.TRENDS: Face(_trends, _trends_depend),
    layout.CHECKLIST: Face(_checklist, lambda scene: (scene.item, scene.pane == layout.CHECKLIST)),
    layout.JOURNAL: Face(_journal, lambda scene: (scene.back, scene.pane == layout.JOURNAL)),
    layout.KEYLINE: Face(
        lambda scene, box, _: [
            key_line(scene.pressed, scene.said, box.width, read_only=scene.view.read_only, hold=_beside(scene, box))
        ],
        lambda scene: (scene.pressed, scene.said, scene.hold),
    ),
    layout.HINTS: Face(_hints, lambda scene: (scene.service, scene.hints, scene.said)),
}
"""Every pane by its name."""
