"""The main screen: panes laid out by the presenter, keys through the action registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.geometry import NULL_OFFSET, Region, Spacing
from textual.layout import ArrangeResult, Layout, WidgetPlacement

from controlroom.ui import actions, keymap
from controlroom.ui.presenter import layout
from controlroom.ui.presenter.header import connecting
from controlroom.ui.presenter.keys import QUIET, Said
from controlroom.ui.presenter.layout import Box, Demand, Form, arrange, form_of, strip_room
from controlroom.ui.presenter.scene import FACES, Scene
from controlroom.ui.presenter.series import row_count
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.text import Tone
from controlroom.ui.presenter.typed import OPEN_SETTLE_S, Pressed
from controlroom.ui.screens.room import RoomScreen
from controlroom.ui.screens.selection import Selection
from controlroom.ui.situation import Situation
from controlroom.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from textual import events
    from textual.geometry import Size
    from textual.widget import Widget

    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View
    from controlroom.ui.widgets.pen import Piece

TRAIL_KEYS = 4
FIRST_HINT = Said("? shows the keys; only p, ! and the checklist's act at once", Tone.QUIET)
LAST_LOOK = Said("the run is over: e exports its report, ? shows the keys, q leaves", Tone.QUIET)
FIRST_LOOK = Said("read-only: no key acts; ? shows what there is to see, q leaves", Tone.QUIET)
"""Until the first key: for whoever sees the screen for the first time."""


def _first_said(view: View) -> Said:
    """What stands on the key line until the first key."""
    if view.state.phase.terminal:
        return LAST_LOOK
    return FIRST_LOOK if view.read_only or not view.may_drive else FIRST_HINT


class _Board(Layout):
    """Places the panes where the presenter says; a pane without a box is not there."""

    name = "board"

    def arrange(
        self,
        parent: Widget,
        children: list[Widget],
        size: Size,  # noqa: ARG002 - the boxes were made for it
        greedy: bool = True,  # noqa: ARG002 - Textual's signature
    ) -> ArrangeResult:
        boxes = parent.boxes if isinstance(parent, MainScreen) else {}
        none = Spacing()
        return [
            WidgetPlacement(Region(*boxes[child.id]), NULL_OFFSET, none, child)
            for child in children
            if child.id in boxes
        ]


class MainScreen(RoomScreen[None]):
    """Everything at a glance."""

    def __init__(self, notice: str = "") -> None:
        super().__init__()
        self.boxes: dict[str, Box] = {}
        self.selection = Selection()
        self._board = _Board()
        self._panes = {name: Pane(name) for name in FACES}
        self._pressed = Pressed()
        self._seen: View | None = None
        self._arranged: tuple[View, int, int, str] | None = None
        self.trail: tuple[str, ...] = ()
        self.said = Said(notice, Tone.WARN) if notice else FIRST_HINT

    @property
    def layout(self) -> Layout:
        """The presenter's boxes."""
        return self._board

    def compose(self) -> Iterable[Pane]:
        """One widget a pane, whatever the size."""
        return self._panes.values()

    def whole(self) -> Iterator[Piece]:
        """All of the moment, for a terminal that shows nothing yet, whether or not there are widgets on the screen."""
        self.tick()
        for name, box in self.boxes.items():
            yield from self._panes[name].whole(box)

    def on_resize(self, _event: events.Resize) -> None:
        """A new size: the panes go elsewhere, and nothing is lost."""
        self._redraw()

    def tick(self) -> None:
        """Draw the moment."""
        self._seen = self._view()
        if self._seen is not None:
            if self.said is FIRST_HINT:
                self.said = _first_said(self._seen)
            self.selection.follow(self._seen)
        self._redraw()

    def _redraw(self) -> None:
        """Draw the moment last seen again, after a key: a pane that does not show what changed costs nothing."""
        view = self._seen
        width, height = self.app.size
        if width < 1 or height < 1:
            return
        if view is None:
            self._connecting(width)
            return
        arranged = (view, width, height, self._lower(width, height))
        if self._arranged != arranged:
            self._arranged = arranged
            self._place(view, width, height)
        scene = self._scene(view, width, height)
        for name, box in self.boxes.items():
            self._panes[name].present(scene, box)

    def _answer(self) -> None:
        """Draw after a key, without waiting; where panes change places, Textual puts them there first."""
        before = self.boxes
        self._redraw()
        if self.boxes is before:
            self.paint((box, self._panes[name]) for name, box in self.boxes.items())

    def _connecting(self, width: int) -> None:
        """Before the engine has said anything there is one line."""
        self._put({layout.HEADER: Box(0, 0, width, 1)})
        self._panes[layout.HEADER].show([connecting(self.room.trouble, width)])

    def repaint(self) -> None:
        """The pen has changed."""
        for pane in self._panes.values():
            pane.repaint()

    def say(self, said: Said) -> None:
        """Show an answer on the key line."""
        self.said = said
        self._redraw()

    @property
    def asked(self) -> bool:
        """Whether a dialog or page is open on top, other than the broadcast picture."""
        return any(screen.typing or screen.covers for screen in self._rooms())

    def _rooms(self) -> list[RoomScreen[Any]]:
        return [screen for screen in self.app.screen_stack if isinstance(screen, RoomScreen)]

    def on_screen_suspend(self) -> None:
        """Something was opened on top: other keys count."""
        self._redraw()

    def on_screen_resume(self) -> None:
        """It is gone again."""
        self._redraw()

    def situation(self) -> Situation | None:
        """Where the operator stands; None before the first snapshot."""
        view = self._view()
        if view is None:
            return None
        chosen = self.selection
        return Situation(view=view, service=chosen.service, item=chosen.item, pane=chosen.pane)

    def hold(self) -> None:
        """Hold, and show that the key was seen."""
        self.note_key("p")
        super().hold()

    def pasted(self) -> None:
        """Pasted text opens nothing here."""
        self.say(Said("pasted text does nothing here", Tone.WARN))

    def key(self, name: str, character: str | None, when: float) -> None:
        """Moves act at once; everything else waits a moment, to see that it is no burst."""
        at = self.situation()
        if at is None:
            if name == "q":
                self.app.run_worker(self.room.leave())
            return
        action = keymap.find(name, self.selection.pane, read_only=at.view.read_only)
        if action is not None and action.friction is actions.Friction.NONE:
            self._pressed.note(when)
            self._move(action.id, at.view)
            return
        if action is None and (character is None or not character.isprintable()):
            return
        self._pressed.add(name, when)
        self.note_key(name)
        settle_s = action.settle_s if action is not None else OPEN_SETTLE_S
        self.room.timing.after(settle_s, self._settled)

    def _settled(self) -> None:
        """The keys that turned out to be keys: the first that opens something is the last that counts."""
        for name in self._pressed.settled():
            at = self.situation()
            action = at and keymap.find(name, self.selection.pane, read_only=at.view.read_only)
            if at is None or self.asked:
                return
            if action is None or isinstance(action, Situation):
                self.say(Said(f"{name} means nothing here: ? shows the keys", Tone.QUIET))
                continue
            self.room.do(action, at)

    def _move(self, what: str, view: View) -> None:
        lower = form_of(*self.app.size) is Form.SMALL
        self.selection.move(what, view, page=max(1, self.boxes.get(self.selection.pane, Box(0, 0, 0, 8)).height - 3))
        if lower and self.selection.pane != layout.SEQUENCE:
            self.selection.lower = self.selection.pane
        self._answer()

    def picture(self) -> list[Line]:
        """What is on screen, row by row, for export."""
        rows: list[Line] = []
        for y in range(self.app.size.height):
            crossing = sorted((box.x, name) for name, box in self.boxes.items() if box.y <= y < box.y + box.height)
            pieces = [self._panes[name].lines[y - self.boxes[name].y :][:1] for _, name in crossing]
            rows.append(tuple(span for piece in pieces for line in piece for span in line))
        return rows

    def on_pane_picked(self, event: Pane.Picked) -> None:
        """A click on a pane: it gets the focus."""
        if event.pane in layout.PANES:
            self.focus_pane(event.pane)

    def on_pane_wheeled(self, event: Pane.Wheeled) -> None:
        """The wheel moves within the pane under it."""
        view = self._view()
        if view is not None and event.pane in layout.PANES:
            self.selection.focus(event.pane)
            self._move("down" if event.down else "up", view)

    def focus_pane(self, pane: str) -> None:
        """Give `pane` the focus, for an action that leads there."""
        self.selection.focus(pane)
        self._redraw()

    def note_key(self, name: str) -> None:
        """Show on the key line what was pressed or typed."""
        self.trail = (*self.trail[-TRAIL_KEYS + 1 :], name)
        self.said = QUIET
        self._answer()

    def _view(self) -> View | None:
        room = self.room
        return room.mirror.view(room.timing.monotonic())

    def _place(self, view: View, width: int, height: int) -> None:
        outline = view.state.outline
        demand = Demand(
            strip=len(strip(view, width, strip_room(form_of(width, height)))),
            sequence=len(outline.services) + 1 + 4,
            trends=row_count(outline),
            checklist=len(outline.smoke),
        )
        self._put(arrange(width, height, demand, self._lower(width, height)))

    def _lower(self, width: int, height: int) -> str:
        """The pane that is shown where not all have room: in the smallest form the one with the focus and no other."""
        return self.selection.pane if form_of(width, height) is Form.TINY else self.selection.lower

    def _put(self, boxes: dict[str, Box]) -> None:
        if boxes != self.boxes:
            self.boxes = boxes
            self._panes[layout.HEADER].refresh(layout=True)  # a child asks: a screen's own request goes nowhere

    def _scene(self, view: View, width: int, height: int) -> Scene:
        chosen = self.selection
        at = Situation(view=view, service=chosen.service, item=chosen.item, pane=chosen.pane)
        typing = any(screen.typing for screen in self._rooms())
        return Scene(
            view=view,
            form=form_of(width, height),
            service=chosen.service,
            item=chosen.item,
            pane=chosen.pane,
            back=chosen.back,
            pressed=self.trail,
            said=self.said,
            hints=keymap.hints(at, typing=typing, covered=self.asked),
            hold=keymap.hold_key(typing=typing),
        )
