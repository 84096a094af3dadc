"""Writes what is on screen, and the run's report, into files beside each other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.errors import ControlroomError
from controlroom.ui.presenter.keys import Said
from controlroom.ui.presenter.text import Tone, plain
from controlroom.ui.screens.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.ui.app import ControlRoomApp
    from controlroom.ui.situation import Situation


async def export(app: ControlRoomApp, at: Situation) -> None:
    """The screen as text and SVG, the report as Markdown, and the text on the clipboard (OSC 52).

    What was written is said with its whole path, and so is what could not be.
    """
    text = "\n".join(plain(line) for line in app.main.picture()) + "\n"
    stamp = datetime.fromtimestamp(at.view.wall, UTC).strftime("%H%M%SZ")
    name = f"controlroom-{at.view.state.run}-{stamp}"
    svg = app.export_screenshot(title=name)
    app.say(Said("exporting: the report is being written", Tone.QUIET))
    wanted: list[tuple[str, Callable[[], str]]] = [(".txt", lambda: text), (".svg", lambda: svg)]
    if app.report is not None:
        wanted.append((".md", app.report))
    path = Path.cwd() / name
    said = [await asyncio.to_thread(_write, path.with_name(name + suffix), made) for suffix, made in wanted]
    if said[0][1] is Tone.OK:
        app.copy_to_clipboard(text)
        said.append(("the text is on the clipboard too, where the terminal allows it", Tone.QUIET))
    failed = sum(tone is Tone.WARN for _, tone in said)
    done = f"exported {len(wanted) - failed} of {len(wanted)} files" if failed else f"exported {len(wanted)} files"
    app.say(Said(done, Tone.WARN if failed else Tone.OK))
    app.push_screen(Notice("Exported", said, app.timing.monotonic()))


def _write(path: Path, made: Callable[[], str]) -> tuple[str, Tone]:
    """Write one file; what to say of it."""
    try:
        path.write_text(made(), encoding="utf-8")
    except OSError as exc:
        return f"NOT WRITTEN {path}: {exc.strerror or exc}", Tone.WARN
    except ControlroomError as exc:
        return f"NOT WRITTEN {path}: {exc}", Tone.WARN
    return f"{path}", Tone.OK
