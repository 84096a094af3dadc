"""A pane of the main screen: shows its face of the scene, and tells the screen of clicks and the wheel.

One class for all of them: Textual works out the style of each class anew, and the screen has to be there at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from controlroom.ui.presenter.scene import FACES, Kept, Scene
from controlroom.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from controlroom.ui.presenter.layout import Box
    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View


class Pane(Lines):
    """A part of the main screen, named as the layout names it."""

    class Picked(Message):
        """The pane was clicked."""

        def __init__(self, pane: str) -> None:
            super().__init__()
            self.pane = pane

    class Wheeled(Message):
        """The wheel was turned over the pane."""

        def __init__(self, pane: str, *, down: bool) -> None:
            super().__init__()
            self.pane, self.down = pane, down

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._face = FACES[name]
        self._kept = Kept()
        self._presented: tuple[View, object] | None = None

    def on_click(self) -> None:
        """Tell the screen."""
        self.post_message(self.Picked(self.id or ""))

    def on_mouse_scroll_down(self) -> None:
        """Tell the screen."""
        self.post_message(self.Wheeled(self.id or "", down=True))

    def on_mouse_scroll_up(self) -> None:
        """Tell the screen."""
        self.post_message(self.Wheeled(self.id or "", down=False))

    def present(self, scene: Scene, box: Box) -> None:
        """Show what `scene` says in `box`; the same moment is not drawn twice."""
        known, view = self._presented, scene.view
        fresh = known is None or known[0] is not view
        mark = (box, scene.form, self._face.depends(scene))
        if fresh:
            self._kept.of_view.clear()
        if known is None or fresh or known[1] != mark:
            self._presented = (view, mark)
            self.show(self.lines_for(scene, box))

    def lines_for(self, scene: Scene, box: Box) -> list[Line]:
        """The lines for a box of this size."""
        return self._face.lines(scene, box, self._kept)
