"""What the screen itself does for an action: opening pages, exporting, mouse, theme, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui.presenter.keys import Said
from controlroom.ui.presenter.layout import CHECKLIST
from controlroom.ui.presenter.text import Tone

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.ui.app import ControlRoomApp
    from controlroom.ui.situation import Situation


def _checklist(app: ControlRoomApp, _at: Situation) -> None:
    app.main.focus_pane(CHECKLIST)


def _detail(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.screens.pages import DetailPage  # noqa: PLC0415 - pages are loaded when first opened

    app.push_screen(DetailPage(at.service))


def _evidence(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.screens.pages import EvidencePage  # noqa: PLC0415 - as above

    app.push_screen(EvidencePage(at.item))


def _help(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.screens.pages import HelpPage  # noqa: PLC0415 - as above

    app.push_screen(HelpPage(at))


def _preflight(app: ControlRoomApp, _at: Situation) -> None:
    from controlroom.ui.screens.pages import PreflightPage  # noqa: PLC0415 - as above

    app.push_screen(PreflightPage())


def _log(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.screens.log import LogPage  # noqa: PLC0415 - as above

    state = at.view.state
    active = state.active
    if active is not None and active.service == at.service and active.job:
        app.push_screen(LogPage(app.read_log, active.job, f"{at.service} · {active.label}"))
        return
    kept = [action for action in state.services[at.service].actions if action.job]
    if not kept:
        app.say(Said(f"log: no step of {at.service} has printed anything yet", Tone.WARN))
        return
    app.push_screen(LogPage(app.read_log, kept[-1].job, f"{at.service} · {kept[-1].label}"))


def _chart(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.screens.chart import ChartPage  # noqa: PLC0415 - as above

    metrics = [metric.id for metric in at.view.state.outline.service(at.service).metrics]
    app.push_screen(ChartPage(app.read_history, at.service, metrics))


def _broadcast(app: ControlRoomApp, _at: Situation) -> None:
    from controlroom.ui.screens.broadcast import Broadcast  # noqa: PLC0415 - as above

    app.push_screen(Broadcast(app.main))


def _palette(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.keymap import by_id  # noqa: PLC0415 - as above
    from controlroom.ui.screens.palette import Palette  # noqa: PLC0415 - as above

    def chosen(name: str | None) -> None:
        now = app.main.situation()
        if name is not None and now is not None:
            app.do(by_id(name), now)

    app.push_screen(Palette(at, app.timing.monotonic()), chosen)


def _export(app: ControlRoomApp, at: Situation) -> None:
    from controlroom.ui.export import export  # noqa: PLC0415 - as above

    app.spawn(export(app, at))


def _mouse(app: ControlRoomApp, _at: Situation) -> None:
    on = app.toggle_mouse()
    taken = "mouse on; most terminals still select text with Shift held"
    app.say(Said(taken if on else "mouse off: the terminal selects and copies text itself", Tone.QUIET))


def _theme(app: ControlRoomApp, _at: Situation) -> None:
    app.next_theme()


def _quit(app: ControlRoomApp, _at: Situation) -> None:
    app.spawn(app.leave())


DEEDS: dict[str, Callable[[ControlRoomApp, Situation], None]] = {
    "checklist": _checklist,
    "detail": _detail,
    "evidence": _evidence,
    "help": _help,
    "preflight": _preflight,
    "log": _log,
    "chart": _chart,
    "broadcast": _broadcast,
    "palette": _palette,
    "export": _export,
    "mouse": _mouse,
    "theme": _theme,
    "quit": _quit,
}
