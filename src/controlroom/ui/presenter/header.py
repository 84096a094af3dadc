"""The two lines on top: what this is and who drives it; where the run stands and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.gates import waiting_gate
from controlroom.run.phases import Phase, ServiceState, Step
from controlroom.ui.presenter.figures import age, clock, epoch, long_clock, utc
from controlroom.ui.presenter.progress import Fit, fits, fraction
from controlroom.ui.presenter.tally import counted
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone, clean, crop, fit, packed, sides
from controlroom.ui.presenter.view import Freshness
from controlroom.ui.presenter.watching import comes_next, covered, incidents, watched
from controlroom.ui.presenter.words import PHASE, kept_out, traffic_sign

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import LinkView, View

_LINK_TONE = {Freshness.LIVE: Tone.OK, Freshness.STALE: Tone.WARN, Freshness.LOST: Tone.ALARM}
_LINK_SHAPE = {Freshness.LIVE: "●", Freshness.STALE: "◔", Freshness.LOST: "✗"}
NAME_CELLS = 28
_WIDE, _WIDEST = 100, 140
CLOCKS = 26
"""Cells that `T+00:12:44   03:22:07Z` takes, with its margins."""


def environment_mark(view: View) -> Span:
    """PRODUCTION or REHEARSAL (S30): always the second thing that is read."""
    outline = view.state.outline
    if outline.rehearsal:
        return Span(" REHEARSAL ", Tone.REHEARSAL)
    return Span(f" {clean(outline.environment).upper()} ", Tone.PRODUCTION)


def role_mark(view: View) -> Line:
    """READ-ONLY for whoever may not drive: at every size, so that nobody waits for keys that do nothing."""
    return (Span("READ-ONLY", Tone.WARN),) if view.read_only or not view.may_drive else EMPTY


def link_words(link: LinkView, *, short: bool = False) -> Line:
    """`● LIVE lag 84 ms` (short: `● LIVE`), `◔ STALE 4 s`, `✗ LOST 12 s`."""
    words = f"{_LINK_SHAPE[link.freshness]} {link.freshness.value}"
    if link.freshness is not Freshness.LIVE:
        words += f" {age(link.age_s)}"
    elif link.lag_s is not None and not short:
        words += f" lag {link.lag_s * 1000:.0f} ms"
    if link.freshness is Freshness.LOST:
        words = f" {words} "
    return (Span(words, _LINK_TONE[link.freshness]),)


def connecting(trouble: str, width: int) -> Line:
    """The only line there is before the engine has said anything."""
    why = f": {clean(trouble)}" if trouble else ""
    words: Line = (Span(" controlroom", Tone.QUIET), Span(f"   connecting to the engine …{why}", Tone.TEXT))
    return sides(words, (Span("q", Tone.KEY), Span(" leaves ")), width)


def header(view: View, width: int) -> Line:
    """The first line, exactly `width` cells; what matters least gives way first."""
    state = view.state
    plan = crop(clean(state.outline.plan), NAME_CELLS)
    timed, roomy = width >= 2 * CLOCKS, width >= _WIDEST
    left = packed(
        [
            (2, (Span("controlroom", Tone.QUIET),)),
            (12, (environment_mark(view),)),
            (11, role_mark(view)),
            (8, (Span(plan, Tone.STRONG), Span(f" @{state.plan_sha256[:7]}" if roomy else "", Tone.QUIET))),
            (9 if _foreign(view) else 7, _driver(view, short=not roomy)),
            (10, link_words(view.link, short=width < _WIDE) if not view.state.phase.terminal else EMPTY),
            (3, _audience(view)),
            (6, _window(view)),
        ],
        width - (CLOCKS if timed else 0) - 2,
        "   " if timed else "  ",
    )
    clocks: Line = (Span(f"  T+{long_clock(view.elapsed)}   {utc(view.wall)} ", Tone.TEXT),)
    return sides((Span(" "), *left), clocks if timed else EMPTY, width)


def _foreign(view: View) -> bool:
    """Whether somebody else drives."""
    lease = view.state.lease
    return lease is not None and lease.operator != view.operator and not view.read_only


def _driver(view: View, *, short: bool) -> Line:
    lease = view.state.lease
    if view.read_only or short:
        return (
            Span(
                f"{clean(lease.operator)} drives" if lease else "nobody drives",
                Tone.WARN if _foreign(view) else Tone.TEXT,
            ),
        )
    if lease is None:
        return (Span(f"op {clean(view.operator)} (nobody drives)", Tone.TEXT),)
    if lease.operator == view.operator:
        return (Span(f"op {clean(view.operator)} (drives)", Tone.TEXT),)
    return (Span(f"op {clean(view.operator)} · {clean(lease.operator)} drives", Tone.WARN),)


def _audience(view: View) -> Line:
    watching = view.observers + max(0, len(view.screens) - 1)
    return (Span(f"obs {watching}", Tone.QUIET),) if watching else EMPTY


def _responsible(view: View) -> Line:
    first = next(iter(view.state.outline.responsible.values()), "")
    return (Span(crop(clean(first), NAME_CELLS), Tone.QUIET),)


def _window(view: View) -> Line:
    window = view.state.outline.window
    if window is None or view.state.phase is Phase.WATCHING or view.state.phase.terminal:
        return EMPTY
    opens, closes = epoch(window.opens), epoch(window.closes)
    if view.wall < opens:
        return (Span(f"window opens in {clock(opens - view.wall)}", Tone.WARN),)
    left = closes - view.wall
    if left <= 0:
        return (Span("WINDOW CLOSED", Tone.BREACH),)
    return (Span(f"window closes in {long_clock(left)}", Tone.WARN if left < 15 * 60 else Tone.TEXT),)


def status(view: View, width: int) -> Line:
    """The second line, exactly `width` cells."""
    sign = PHASE[view.state.phase]
    share = fraction(view)
    bar_cells = 20 if width >= _WIDEST else 12 if width >= _WIDE else 0
    parts: list[tuple[int, Line]] = [
        (11, (Span(f"{sign.shape} {sign.word}", sign.tone),)),
        (11 if view.state.rollback is not None else 8, _where(view)),
        (3, _bar(share, bar_cells) if share is not None and bar_cells else EMPTY),
        (6, covered(view, short=width < _WIDE)),
        (7, incidents(view)),
        (9, (Span(f"traffic {traffic_sign(view.state).word}", Tone.WARN),) if kept_out(view.state) else EMPTY),
        (7, next_gate(view)),
        (4, comes_next(view)),
        (10 if view.state.held else 9, hold_words(view)),
        (2, _fits(view)),
        (1, _responsible(view)),
    ]
    return fit((Span(" "), *packed(parts, width - 2)), width)


def _bar(share: float, cells: int) -> Line:
    done = round(share * cells)
    return (
        Span("█" * done, Tone.ACTIVE),
        Span("░" * (cells - done), Tone.FAINT),
        Span(f" {share * 100:3.0f}%", Tone.TEXT),
    )


def _where(view: View) -> Line:
    state = view.state
    count = len(state.outline.services)
    if state.verdict is not None:
        return (Span(clean(state.verdict.why), Tone.STRONG),)
    if state.rollback is not None:
        total = len(state.rollback.queue) + len(state.rollback.done)
        at = min(len(state.rollback.done) + 1, total)
        words = f"rolling back {at} of {total}" if not state.rollback.stopped else "ROLL-BACK STOPPED"
        return (Span(words, Tone.ALARM if state.rollback.stopped else Tone.WARN),)
    if state.phase is Phase.SMOKE:
        return counted(state)
    if state.phase is Phase.WATCHING:
        return watched(view)
    if state.active is not None:
        order = next(i for i, s in enumerate(state.outline.services, 1) if s.id == state.active.service)
        name = clean(state.services[state.active.service].name)
        return (Span(f"{order}/{count} {name}", Tone.STRONG),)
    live = sum(s.state is ServiceState.LIVE for s in state.services.values())
    return (Span(f"{live} of {count} live", Tone.STRONG),)


def next_gate(view: View) -> Line:
    """What the run waits for, or what comes next."""
    state = view.state
    gate = waiting_gate(state)
    if gate is None:
        active = state.active
        if active is not None and active.step is Step.DEPLOY and not state.held:
            return (Span("then verify", Tone.QUIET),)
        return EMPTY
    if gate == "traffic":
        return (Span("next: gate ", Tone.QUIET), Span("traffic", Tone.STRONG))
    order = next(i for i, s in enumerate(state.outline.services, 1) if s.id == gate)
    return (Span("next: gate ", Tone.QUIET), Span(f"{order} {clean(state.services[gate].name)}", Tone.STRONG))


def hold_words(view: View) -> Line:
    """`HOLD no`, or that the run is held."""
    state = view.state
    if state.phase.terminal:
        return EMPTY
    if not state.held:
        return (Span("HOLD no", Tone.QUIET),)
    return (Span(" HOLDING… " if state.active is not None and state.rollback is None else " HELD ", Tone.HOLD),)


def _fits(view: View) -> Line:
    verdict = fits(view)
    if verdict is None:
        return EMPTY
    match verdict:
        case Fit(spare_s=spare) if spare >= 0:
            return (Span(f"fits: yes, {clock(spare)} spare", Tone.QUIET),)
        case Fit(spare_s=spare):
            return (Span(f"fits: NO, {clock(-spare)} too long", Tone.BREACH),)
