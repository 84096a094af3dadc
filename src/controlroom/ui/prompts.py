"""The prompts that move a run forwards: advance, resume, note, traffic, close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.run import commands as cmd
from controlroom.run.closing import span
from controlroom.run.fold_sequence import TRAFFIC_GATE
from controlroom.run.gates import gate_revision, waiting_gate
from controlroom.run.phases import Phase, Traffic
from controlroom.ui.presenter.figures import clock, epoch, long_clock
from controlroom.ui.presenter.prompt import Prompt, Row, Word
from controlroom.ui.presenter.tally import counted
from controlroom.ui.presenter.text import Span, Tone, clean
from controlroom.ui.presenter.words import PHASE

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View
    from controlroom.ui.situation import Situation


def gate_word(view: View) -> str:
    """What is typed to pass the gate that waits: the step's number, or `traffic`."""
    gate = waiting_gate(view.state)
    if gate is None or gate == TRAFFIC_GATE:
        return gate or ""
    return str(next(i for i, s in enumerate(view.state.outline.services, 1) if s.id == gate))


def advance(at: Situation) -> Prompt:
    """Pass the gate that waits now."""
    state = at.view.state
    gate = waiting_gate(state) or ""
    seen = gate_revision(state, gate)
    number = gate_word(at.view)

    def moved(view: View) -> str:
        now = waiting_gate(view.state)
        if now != gate:
            return f"the gate that waits is {now or 'none'} now"
        return "" if gate_revision(view.state, gate) == seen else f"{gate} has moved on"

    def body(view: View, _choice: int) -> list[Row]:
        return _traffic_gate(view) if gate == TRAFFIC_GATE else _service_gate(view, gate)

    opening = "OPEN TRAFFIC AGAIN" if state.phase is Phase.WATCHING else "OPEN TRAFFIC"
    title = opening if gate == TRAFFIC_GATE else f"ADVANCE to {number} {clean(state.services[gate].name)}"
    word = Word(number, "go", lambda _: cmd.Advance(to=gate, seen=seen))
    return Prompt(action="advance", title=title, body=body, words=(word,), moved=moved)


def _service_gate(view: View, gate: str) -> list[Row]:
    outline, status = view.state.outline.service(gate), view.state.services[gate]
    versions = f"{clean(status.live or status.origin) or '?'} → {clean(outline.target)}"
    rows = [Row("Deploy", (Span(versions, Tone.STRONG), Span(f"   ~{clock(outline.estimate_s)}", Tone.QUIET)))]
    rows += _listed("Runs", outline.deploy)
    rows += _listed("Verifies", outline.verify)
    back = clean(", ".join(outline.rollback)) or "no roll-back"
    way_back = f"cannot be taken back: {clean(outline.irreversible)}" if outline.irreversible else back
    rows.append(Row("Back by", (Span(way_back, Tone.WARN if outline.irreversible else Tone.QUIET),)))
    if status.attempt:
        rows.append(Row("Attempt", (Span(f"{status.attempt + 1}", Tone.WARN),)))
    return rows


def _listed(label: str, items: tuple[str, ...]) -> list[Row]:
    rows = [Row(label if i == 0 else "", (Span(clean(item), Tone.TEXT),)) for i, item in enumerate(items[:3])]
    if len(items) > 3:  # noqa: PLR2004 - the detail shows them all
        rows.append(Row("", (Span(f"and {len(items) - 3} more", Tone.QUIET),)))
    return rows


def _traffic_gate(view: View) -> list[Row]:
    state = view.state
    opens = {
        Traffic.OPEN: "nothing: public traffic is open already",
        Traffic.NONE: "nothing: the plan has no traffic gate",
    }.get(state.traffic, "public traffic to the new environment")
    rows = [Row("Opens", (Span(opens, Tone.STRONG),)), Row("Smoke", counted(state))]
    outline = state.outline.watch
    if state.phase is Phase.WATCHING and state.watch is not None:
        rows.append(Row("Watch", (Span("goes on; the time behind a closed gate counts", Tone.TEXT),)))
        if state.verdict is not None:
            verdict = f"{PHASE[state.verdict.phase].word} all the same: {clean(state.verdict.why)}"
            rows.append(Row("Verdict", (Span(verdict, Tone.WARN),)))
    elif outline is not None:
        rows.append(Row("Watch", (Span(f"begins: {long_clock(outline.for_s)} from then on", Tone.TEXT),)))
    return rows


def resume(at: Situation) -> Prompt:
    """Lift the operator's hold and have the others checked again."""
    seen = at.view.state.revision

    def body(view: View, _choice: int) -> list[Row]:
        rows = []
        for place, hold in enumerate(view.state.holds):
            note = f": {clean(hold.note)}" if hold.note else ""
            words = f"{clean(hold.reason)}, by {clean(hold.by)}{note}"
            rows.append(Row("Held by" if place == 0 else "", (Span(words, Tone.STRONG),)))
        rows.append(Row("Then", (Span("reasons that still stand keep holding the run", Tone.QUIET),)))
        return rows

    def moved(view: View) -> str:
        return "" if view.state.revision == seen else "the holds have changed"

    word = Word("resume", "go on", lambda f: cmd.Resume(seen=seen, reason=f.reason))
    return Prompt(action="resume", title="RESUME", body=body, words=(word,), moved=moved)


def note(_at: Situation) -> Prompt:
    """Words for the journal."""
    return Prompt(
        action="note",
        title="NOTE for the journal",
        body=lambda _view, _choice: [],
        text_label="note",
        command=lambda f: cmd.Note(reason=f.reason),
    )


def close_traffic(at: Situation) -> Prompt:
    """Keep public traffic out."""
    seen = at.view.state.revision
    return Prompt(
        action="close_traffic",
        title="CLOSE TRAFFIC",
        body=lambda view, _choice: _keeping_out(view),
        words=(Word("close", "keep traffic out", lambda f: cmd.CloseTraffic(reason=f.reason, seen=seen)),),
        danger=True,
    )


def _keeping_out(view: View) -> list[Row]:
    rows = [Row("Closes", (Span("public traffic to the new environment", Tone.STRONG),))]
    if view.state.phase is Phase.WATCHING and view.state.verdict is None:
        rows.append(Row("Watch", (Span("goes on; it is no success while the public is kept out", Tone.TEXT),)))
    return rows


def close_run(at: Situation) -> Prompt:
    """End a run that has its verdict, or a watch that has gone on long enough."""
    seen = at.view.state.revision

    def body(view: View, _choice: int) -> list[Row]:
        state = view.state
        if state.verdict is not None:
            sign = PHASE[state.verdict.phase]
            verdict = (Span(f"{sign.shape} {sign.word}  ", sign.tone), Span(clean(state.verdict.why), Tone.TEXT))
            return [Row("Ends", (Span("the run, with the verdict that it has", Tone.STRONG),)), Row("Verdict", verdict)]
        sign = PHASE[Phase.SUCCEEDED]
        verdict = (Span(f"{sign.shape} {sign.word}  ", sign.tone), Span("no major incident so far", Tone.TEXT))
        passed = span(view.since(epoch(state.watch.started))) if state.watch else "no time"
        total = span(state.outline.watch.for_s) if state.outline.watch else "none"
        return [
            Row("Ends", (Span("the watch, before its full time", Tone.STRONG),)),
            Row("Watched", (Span(f"{passed} of {total}", Tone.TEXT),)),
            Row("Verdict", verdict),
        ]

    return Prompt(
        action="close",
        title="CLOSE THE RUN",
        body=body,
        words=(Word("close", "end the run", lambda f: cmd.Close(reason=f.reason, seen=seen)),),
    )
