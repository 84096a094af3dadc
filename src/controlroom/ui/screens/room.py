"""What every screen of the control room shares: hold from anywhere, one tick a second, no keys of Textual's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar, cast

from textual.screen import Screen

from controlroom.ui import actions
from controlroom.ui.situation import Situation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.binding import BindingType
    from textual.dom import DOMNode

    from controlroom.run.commands import Command
    from controlroom.ui.presenter.keys import Said
    from controlroom.ui.presenter.layout import Box
    from controlroom.ui.presenter.mirror import Mirror
    from controlroom.ui.widgets.lines import Lines
    from controlroom.ui.widgets.pen import Piece
    from controlroom.ui.wire import Timing

Result = TypeVar("Result")


class Room(Protocol):
    """What a screen may ask of the app."""

    mirror: Mirror
    timing: Timing

    @property
    def trouble(self) -> str:
        """Why there is no connection, while there is none."""

    def give(self, command: Command) -> None:
        """Send a command; its answer appears on the key line."""

    def say(self, said: Said) -> None:
        """Show an answer on the key line."""

    def paint(self, pieces: Iterable[Piece]) -> None:
        """Send strips to the terminal at once."""

    def do(self, action: actions.Action, at: Situation) -> None:
        """Carry an action out: send its command, open its prompt or its screen."""

    def reframe(self) -> None:
        """Draw the lines around a page again: other keys count now."""

    async def leave(self) -> None:
        """Detach and end the program."""


def room_of(node: DOMNode) -> Room:
    """The app that `node` belongs to, as the screens know it."""
    return cast("Room", node.app)


class RoomScreen(Screen[Result]):
    """A screen on which ctrl+g always holds, and `p` wherever nothing is being typed."""

    BINDINGS: ClassVar[list[BindingType]] = []
    inherit_bindings = False
    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    typing = False
    """Whether letters go into a text field."""
    covers = False
    """Whether keys are for this screen alone, and none for the main screen underneath."""

    @property
    def room(self) -> Room:
        """The app, as the screens know it."""
        return room_of(self)

    def paint(self, changed: Iterable[tuple[Box, Lines]]) -> None:
        """Send what changed in these boxes at once, as the answer to a key; the compositor takes some rounds more."""
        if self.app.screen is self:
            self.room.paint(piece for box, lines in changed for piece in lines.changes(box))

    def repaint(self) -> None:
        """The pen has changed: draw everything again."""

    def tick(self) -> None:
        """Called once a second, and whenever the engine has said something."""

    def key(self, name: str, character: str | None, when: float) -> None:
        """A key that is not hold."""

    def on_key(self, event: events.Key) -> None:
        """Every key comes through here, with the time at which the terminal delivered it."""
        event.stop()
        event.prevent_default()
        name = event.character if event.character and event.character.isprintable() else event.key
        if name == "ctrl+g" or (name == "p" and not self.typing):
            self.hold()
        elif not self.left:
            self.key(name, event.character, event.time)

    def on_paste(self, event: events.Paste) -> None:
        """Pasted text never acts."""
        event.stop()
        if not self.left:
            self.pasted()

    @property
    def left(self) -> bool:
        """Whether this screen is closed; keys that came for it before that may reach it still, and mean nothing now."""
        return self not in self.app.screen_stack

    def pasted(self) -> None:
        """A bracketed paste came."""

    def on_unmount(self) -> None:
        """Let go of the picture, as `Lines` does."""
        self._styles_cache.clear()

    def hold(self) -> None:
        """Start nothing new: at once, from everywhere."""
        room = self.room
        view = room.mirror.view(room.timing.monotonic())
        if view is None:
            return
        room.do(actions.HOLD, Situation(view=view))
