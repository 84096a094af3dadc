"""The sequence pane, the heart of the screen: every service in order, what it is doing, and what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from controlroom.run.gates import failed_smoke, waiting_gate
from controlroom.run.phases import TERMINAL, Phase, ServiceState, Traffic
from controlroom.ui.presenter.figures import long_clock
from controlroom.ui.presenter.frames import framed, window
from controlroom.ui.presenter.journal import journal_rows
from controlroom.ui.presenter.sequence_rows import DOING, Columns, second_line, speaks
from controlroom.ui.presenter.tally import counted, passed, settled
from controlroom.ui.presenter.text import Line, Span, Tone, cells, clean, crop, fit, lit, pad, plain, sides
from controlroom.ui.presenter.watching import watched_s
from controlroom.ui.presenter.words import GATE, PHASE, Sign, traffic_sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.run.state import RunState
    from controlroom.ui.presenter.frames import Scroll
    from controlroom.ui.presenter.view import View


_LATER = frozenset({Phase.SMOKE, Phase.OPENING, Phase.WATCHING, *TERMINAL})
"""Phases in which the services are no longer what matters most."""


def sequence(
    view: View,
    width: int,
    height: int,
    *,
    selected: str = "",
    focused: bool = False,
    kept: dict[object, Any] | None = None,
    scroll: Scroll | None = None,
) -> list[Line]:
    """The pane, exactly `width` by `height` cells; `kept` is what an earlier call worked out for this very view."""
    inner, room = width - 2, height - 2
    after = _afterwards(view, inner)
    plan = _places(view)
    anchor = next((at for at, (name, below) in enumerate(plan) if name == selected and not below), 0)
    space = room if len(plan) + len(after) <= room else room - min(len(after), 2)
    rows = window(_drawer(view, inner, plan, selected, {} if kept is None else kept), len(plan), space, anchor, scroll)
    body = rows + after[: max(0, room - len(rows))]
    body += _tail(view, inner, room - len(body)) or _about(view, selected, inner, room - len(body))
    live = sum(s.state is ServiceState.LIVE for s in view.state.services.values())
    right: Line = (Span(f"{live} of {len(view.state.services)} live", Tone.QUIET),)
    return framed(body, width, height, title=(Span("Sequence", Tone.STRONG),), right=right, focused=focused)


def _places(view: View) -> list[tuple[str, bool]]:
    """What stands in each row: a service, or (True) what there is to say below it."""
    places: list[tuple[str, bool]] = []
    for name, service in view.state.services.items():
        places.append((name, False))
        if speaks(view, service):
            places.append((name, True))
    return places


def _drawer(
    view: View, inner: int, plan: list[tuple[str, bool]], selected: str, kept: dict[object, Any]
) -> Callable[[int], Line]:
    columns: Columns = kept.get(inner) or kept.setdefault(inner, Columns(view, inner))
    orders = {outline.id: order for order, outline in enumerate(view.state.outline.services, 1)}

    def draw(at: int) -> Line:
        name, below = plan[at]
        row: Line | None = kept.get((inner, name, below))
        if row is None:
            row = kept[inner, name, below] = fresh(name, below=below)
        return lit(row) if name == selected and not below else row

    def fresh(name: str, *, below: bool) -> Line:
        outline, service = view.state.outline.services[orders[name] - 1], view.state.services[name]
        if below:
            return second_line(view, outline, service, inner)
        return columns.row(orders[name], outline, service)

    return draw


def _afterwards(view: View, inner: int) -> list[Line]:
    """What follows the services: smoke tests, the traffic gate, the watch."""
    state = view.state
    rows: list[Line] = []
    if state.smoke:
        rows.append(_phase_row("Smoke tests", plain(counted(state)), _smoke_sign(state), inner))
    if state.traffic is not Traffic.NONE:
        sign = GATE if waiting_gate(state) == "traffic" else traffic_sign(state)
        rows.append(_phase_row("Traffic", "to the new environment", sign, inner))
    if state.outline.watch is not None:
        total = long_clock(state.outline.watch.for_s)
        if state.watch is None:
            rows.append(_phase_row("Watch", f"for {total}", Sign("·", "waiting", Tone.QUIET), inner))
        else:
            sign = PHASE[state.phase] if state.phase.terminal or state.phase is Phase.WATCHING else GATE
            rows.append(_phase_row("Watch", f"{long_clock(watched_s(view))} of {total}", sign, inner))
    return [(Span(" " + "┄" * (inner - 2) + " ", Tone.FRAME),), *rows] if rows else []


def _smoke_sign(state: RunState) -> Sign:
    if failed_smoke(state):
        return Sign("✗", "FAILED", Tone.BREACH)
    if settled(state):
        return Sign("✓", "PASSED" if passed(state) == len(state.smoke) else "DONE", Tone.OK)
    return Sign("▸", "DUE", Tone.ACTIVE) if state.phase is Phase.SMOKE else Sign("·", "to do", Tone.QUIET)


def _phase_row(name: str, words: str, sign: Sign, inner: int) -> Line:
    tone = Tone.QUIET if sign.tone is Tone.QUIET else Tone.TEXT
    return sides(
        (Span(f" {sign.shape}   ", sign.tone), Span(f"{name}  ", tone), Span(words, Tone.QUIET)),
        (Span(f" {sign.word} ", sign.tone),),
        inner,
    )


def _tail(view: View, inner: int, room: int) -> list[Line]:
    """The last lines of the step under way, where there is room to spare."""
    active = view.state.active
    if active is None or room < 3:  # noqa: PLR2004 - a heading and two lines, or nothing
        return []
    said = list(view.output.get(active.service, ()))[-(room - 1) :]
    if not said:
        return []
    heading = f"{active.service} · {DOING[active.step]} · {clean(active.label)}"
    return [_rule(heading, inner), *(fit((Span(f"   {clean(line)}", Tone.QUIET),), inner) for line in said)]


def _about(view: View, selected: str, inner: int, room: int) -> list[Line]:
    """What the selected service's steps run, where there is room to spare."""
    if selected not in view.state.services:
        return []
    outline = view.state.outline.service(selected)
    rows: list[Line] = [_rule(f"{outline.id} · what its steps run", inner)]
    for word, labels in (("deploy", outline.deploy), ("verify", outline.verify), ("roll back", outline.rollback)):
        for at, label in enumerate(labels):
            rows.append(
                fit((Span(f"   {pad(word if at == 0 else '', 9)} ", Tone.FAINT), Span(clean(label), Tone.QUIET)), inner)
            )
    return rows if len(rows) <= room else []


def _rule(words: str, inner: int) -> Line:
    heading = crop(words, inner - 8)
    rest = "┄" * max(0, inner - cells(heading) - 5)
    return fit((Span(" ┄ ", Tone.FRAME), Span(heading, Tone.QUIET), Span(f" {rest}", Tone.FRAME)), inner)


def compact(view: View, width: int, height: int, *, selected: str = "") -> list[Line]:
    """Lines without a frame: all services in order, or where they do not fit those from the one that matters now on.

    What comes after the services goes first once all of them are live. The room that is left is for the journal.
    """
    state = view.state
    focus = state.active.service if state.active is not None else waiting_gate(state) or selected
    plan, after = _places(view), _afterwards(view, width)[1:]
    draw = _drawer(view, width, plan, selected, {})
    room = height
    if state.phase in _LATER and len(plan) + len(after) > height:
        room = max(0, height - len(after))
    first = next((at for at, place in enumerate(plan) if place[0] == focus), 0)
    first = max(0, min(first, len(plan) - room))
    services = [draw(at) for at in range(first, min(len(plan), first + room))]
    rows = [*after, *services] if room < height else [*services, *after]
    rows = rows[:height]
    return rows + _newest(view, width, height - len(rows))


def _newest(view: View, width: int, room: int) -> list[Line]:
    told = [row for row in journal_rows(view, width, room) if not plain(row).startswith(" ┄")] if room > 0 else []
    return told[-room:] if room > 0 else []
