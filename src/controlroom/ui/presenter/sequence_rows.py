"""The rows of the sequence pane: one for each service, and one below it where there is more to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run.gates import IN_TROUBLE, waiting_gate
from controlroom.run.phases import ServiceState, Step
from controlroom.ui.presenter.figures import clock, epoch
from controlroom.ui.presenter.text import Line, Span, Tone, cells, clean, fit, pad, pad_left, sides
from controlroom.ui.presenter.words import GATE, QUEUED, SERVICE, Sign

if TYPE_CHECKING:
    from controlroom.run.outline import ServiceOutline
    from controlroom.run.state import ServiceStatus
    from controlroom.ui.presenter.view import View

_UNDER_WAY = {ServiceState.DEPLOYING, ServiceState.VERIFYING, ServiceState.ROLLING_BACK}
_ELAPSED = 8
"""Cells of `01:12:20`; beyond them there is room for the estimate."""
DOING: dict[Step, str] = {
    Step.DEPLOY: "deploy",
    Step.VERIFY: "verify",
    Step.ROLLBACK: "roll back",
    Step.VERIFY_ROLLBACK: "verify old version",
}
"""A step as something being done."""


class Columns:
    """Widths of the columns for this run at this size."""

    def __init__(self, view: View, inner: int) -> None:
        self.view = view
        self.inner = inner
        self.gate = waiting_gate(view.state)
        services = view.state.outline.services
        self.order = len(str(len(services)))
        self.timing = 13 if inner >= 58 else 6  # noqa: PLR2004 - elapsed against estimate, or elapsed alone
        if self.timing > _ELAPSED:
            statuses = ((s, view.state.services[s.id]) for s in services)
            told = [len(self._timing(s, status)) for s, status in statuses if status.state in _UNDER_WAY]
            self.timing = max([self.timing, *told])
        self.state = 16 if inner >= 72 else 13 if inner >= 58 else 12  # noqa: PLR2004 - ROLLBACK FAILED needs the room
        room = max(0, inner - 3 - self.order - 1 - 3 - self.state - self.timing - 1)
        names = max((cells(s.name) for s in services), default=0)
        forms = (_versions, _target)
        widths = [max((len(f(s, view.state.services[s.id])) for s in services), default=0) for f in forms]
        fitting = next((at for at, width in enumerate(widths) if width <= room - names), None)
        self.form = forms[fitting] if fitting is not None else _target
        self.versions = widths[fitting] if fitting is not None else 0
        self.name = room - self.versions

    def row(self, order: int, outline: ServiceOutline, service: ServiceStatus) -> Line:
        """One service, exactly as wide as the pane is inside."""
        sign = self._sign(service)
        calm = sign.tone in {Tone.QUIET, Tone.OK}
        name_tone = Tone.TEXT if calm else Tone.STRONG
        if service.state is ServiceState.WAITING and sign is not GATE:
            name_tone = Tone.QUIET
        return fit(
            (
                Span(f" {sign.shape} ", sign.tone),
                Span(f"{order:>{self.order}} ", Tone.QUIET),
                Span(pad(clean(service.name), self.name) + " ", name_tone),
                Span(pad(self.form(outline, service), self.versions) + " ", Tone.QUIET),
                Span(pad(self._word(service, sign), self.state) + " ", sign.tone),
                Span(pad_left(self._timing(outline, service), self.timing), self._timing_tone(outline, service)),
            ),
            self.inner,
        )

    def _sign(self, service: ServiceStatus) -> Sign:
        if service.id == self.gate and service.state is not ServiceState.ROLLED_BACK:
            return GATE
        rollback = self.view.state.rollback
        if rollback is not None and service.id in rollback.queue and service.state not in _UNDER_WAY:
            return QUEUED if service.state is not ServiceState.ROLLBACK_FAILED else SERVICE[service.state]
        return SERVICE[service.state]

    def _word(self, service: ServiceStatus, sign: Sign) -> str:
        if service.state is ServiceState.LIVE and sign is not QUEUED and service.satisfied:
            return "LIVE already"
        if service.state is ServiceState.ROLLED_BACK and service.stable:
            return "BACK, STABLE"
        return sign.word

    def _seconds(self, service: ServiceStatus) -> float | None:
        if not service.started:
            return None
        if service.finished:
            return self.view.pace.plan(max(0.0, epoch(service.finished) - epoch(service.started)))
        return self.view.since(epoch(service.started))

    def _timing(self, outline: ServiceOutline, service: ServiceStatus) -> str:
        seconds = self._seconds(service)
        wide = self.timing > _ELAPSED
        if seconds is None:
            return f"~{clock(outline.estimate_s)}" if wide and service.state is ServiceState.WAITING else ""
        if service.state in _UNDER_WAY and wide:
            return f"{clock(seconds)} / {clock(_estimate(outline, service))}"
        return clock(seconds)

    def _timing_tone(self, outline: ServiceOutline, service: ServiceStatus) -> Tone:
        if service.state not in _UNDER_WAY:
            return Tone.QUIET
        late = (self._seconds(service) or 0.0) > _estimate(outline, service)
        return Tone.WARN if late else Tone.TEXT


def _estimate(outline: ServiceOutline, service: ServiceStatus) -> float:
    back = service.state is ServiceState.ROLLING_BACK
    return outline.rollback_estimate_s if back else outline.estimate_s


def _versions(outline: ServiceOutline, service: ServiceStatus) -> str:
    """`v2.0.0 → v2.1.0`; a rolled-back service shows what is live again."""
    start = clean(service.origin) or "?"
    if service.state in {ServiceState.ROLLING_BACK, ServiceState.ROLLED_BACK}:
        return f"{clean(outline.target)} → {start}"
    return f"{start} → {clean(outline.target)}"


def _target(outline: ServiceOutline, service: ServiceStatus) -> str:
    """`→ v2.1.0`, where there is no room for both."""
    return f"→ {_versions(outline, service).rpartition('→ ')[2]}"


def speaks(view: View, service: ServiceStatus) -> bool:
    """Whether a service has a second line: while a step is under way, and when something went wrong."""
    active = view.state.active
    return (active is not None and active.service == service.id) or service.state in IN_TROUBLE


def second_line(view: View, outline: ServiceOutline, service: ServiceStatus, inner: int) -> Line:
    """What the step under way says, or why a service is in trouble."""
    indent = "     "
    active = view.state.active
    if active is not None and active.service == service.id:
        total = len(outline.verify if active.step in {Step.VERIFY, Step.VERIFY_ROLLBACK} else outline.deploy)
        at = f" {active.index + 1}/{max(total, active.index + 1)}" if active.index >= 0 else ""
        said = list(view.output.get(service.id, ()))[-1:]
        words = clean(said[0]) if said else clean(active.label)
        head = f"{indent}{DOING[active.step]}{at} · "
        if active.kind == "manual" and active.in_action:
            done: Line = (Span(" "), Span("f", Tone.KEY), Span(" done? ", Tone.TEXT)) if view.acts else ()
            return sides(
                (Span(f"{indent}by hand · ", Tone.STRONG), Span(clean(active.label), Tone.STRONG)), done, inner
            )
        return fit((Span(head, Tone.QUIET), Span(words, Tone.TEXT)), inner)
    why = clean(service.why) or "no reason given"
    hint: Line = (Span(" "), Span("f", Tone.KEY), Span(" choices ", Tone.TEXT)) if view.acts else ()
    return sides((Span(f"{indent}{why}", Tone.TEXT),), hint, inner)
