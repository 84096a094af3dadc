"""Opens the screen of a run, for the front ends."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from controlroom.control.link import Link
from controlroom.control.protocol import Hello
from controlroom.ui.presenter.glyphs import few_colours, utf8_locale

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALL_S = 0.01
"""An engine at rest greets sooner; one that is busy is heard once Textual is loaded."""


def run_screen(
    socket_path: Path,
    *,
    label: str = "",
    read_only: bool = False,
    report: Callable[[], str] | None = None,
    notice: str = "",
) -> int | None:
    """Show the run behind `socket_path` until the operator leaves or the terminal is gone.

    `report` makes the run's report for the export; `notice` stands on the screen until the first key.

    Returns None after an orderly end, 129 or 143 when a signal (or the loss of the terminal) ended it. An error in the
    screen itself is raised; the engine takes it for a screen that vanished.
    """
    hello = Hello(role="watch" if read_only else "screen", label=label, pid=os.getpid())
    return asyncio.run(_show(Link(socket_path, hello), read_only=read_only, report=report, notice=notice))


async def _show(link: Link, *, read_only: bool, report: Callable[[], str] | None, notice: str) -> int | None:
    from controlroom.ui import themes  # noqa: PLC0415 - help and refusals do without

    environ = os.environ
    for stale in ("COLUMNS", "LINES"):  # the terminal knows its size; Rich would believe whoever exported these
        environ.pop(stale, None)
    theme = environ.get("CONTROLROOM_THEME") or (themes.ANSI if few_colours(environ) else themes.DEFAULT)
    themes.load(theme)  # one that cannot be used is said before the engine hears of a screen, and misses it
    await link.call(CALL_S)
    from controlroom.ui.app import ControlRoomApp  # noqa: PLC0415 - Textual is most of the start: the engine answers now

    await asyncio.sleep(0)  # ctrl+c meanwhile ends it here
    app = ControlRoomApp(
        link,
        read_only=read_only,
        report=report,
        notice=notice,
        theme=theme,
        no_color=bool(environ.get("NO_COLOR")),
        ascii_only=not utf8_locale(environ, utf8_mode=bool(sys.flags.utf8_mode)),
    )
    await app.run_async(mouse=False)
    if app.failure is not None:
        raise app.failure
    return app.signalled
