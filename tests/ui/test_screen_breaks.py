"""When the screen itself is at fault: late updates for another size, and errors that nobody foresaw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rich.segment import Segment
from tests.ui.session import session
from tests.ui.story import Story
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from controlroom.ui.presenter.text import Tone
from controlroom.ui.terminal.celldiff import CellDiff

if TYPE_CHECKING:
    from controlroom.ui.presenter.keys import Said


@pytest.mark.parametrize("x", [59, 60, 123])
def test_an_update_for_the_size_before(x: int) -> None:
    """UX rule 9: what was drawn for a wider terminal is cut, and never ends the screen."""
    update = LayoutUpdate([[Strip([Segment("─" * 40)])]], Region(x, 0, 40, 1))
    written = CellDiff().encode(update, 60, 20, None)
    assert written.count("─") == max(0, 60 - x)


async def test_an_error_is_kept_for_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """S23: an error in the screen ends it with that error, not as an orderly leave, and prints no local variables."""

    def broken(_said: Said) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the error comes out where the session ends
        async with session(Story()) as s:
            monkeypatch.setattr(s.app.main, "say", broken)
            s.app.call_later(s.app.main.say, Tone.WARN)
            await s.press("down")
    assert isinstance(s.app.failure, ZeroDivisionError)
    assert not s.app._exit_renderables
