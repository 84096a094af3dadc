"""The one registry of actions: keys, help, palette, hint line and refusals all come from here."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from msgspec import Struct

from controlroom.run import commands as cmd
from controlroom.run.phases import SmokeState
from controlroom.ui import reasons as why
from controlroom.ui.presenter.layout import CHECKLIST
from controlroom.ui.presenter.typed import MARK_SETTLE_S, OPEN_SETTLE_S
from controlroom.ui.situation import Situation


class Friction(Enum):
    """What stands between a key and its act."""

    NONE = auto()
    SETTLE = auto()
    PROMPT = auto()


class Action(Struct, frozen=True, kw_only=True):
    """Something a key does.

    A `command` acts on the run at once, unless there is something to ask first: `questions` has that by `id`. What does
    not drive, the screen itself does, by `id` too: see `deeds`.
    `pane` limits the key to one pane. `drives` marks what asks something of the run, `leads` what only its driver may
    ask; what `insists` is sent even while the engine is lost, and arrives when it is back. `weight` orders hints.
    `also` holds other words by which the palette finds it.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    tooltip: str
    also: str = ""
    pane: str = ""
    drives: bool = False
    leads: bool = True
    insists: bool = False
    danger: bool = False
    friction: Friction = Friction.SETTLE
    settle_s: float = OPEN_SETTLE_S
    weight: int = 0
    command: Callable[[Situation], cmd.Command] | None = None
    reason: Callable[[Situation], str] = lambda _: ""

    def disabled_reason(self, at: Situation) -> str:
        """Why the action cannot be taken now; empty if it can."""
        if self.drives:
            barred = at.cannot_drive if self.leads else at.barred
            if barred:
                return barred
            if at.lost and not self.insists:
                return "the engine cannot be reached: reconnecting"
        return self.reason(at)

    def answers_to(self, typed: str) -> bool:
        """Whether `typed` means this action: every word of it is in its own words, however those are spaced."""
        words = f"{self.label} {self.tooltip} {self.also}".lower()
        closed = "".join(words.split())
        return all(word in words or word in closed for word in typed.lower().replace("-", " ").split())


def _acts(  # one row of the registry for what an operator asks of the run
    name: str,
    keys: tuple[str, ...],
    label: str,
    tooltip: str,
    *,
    also: str = "",
    command: Callable[[Situation], cmd.Command] | None = None,
    reason: Callable[[Situation], str] = lambda _: "",
    pane: str = "",
    danger: bool = False,
    weight: int = 0,
) -> Action:
    return Action(
        id=name,
        keys=keys,
        label=label,
        tooltip=tooltip,
        also=also,
        pane=pane,
        drives=True,
        danger=danger,
        friction=Friction.SETTLE if command else Friction.PROMPT,
        settle_s=MARK_SETTLE_S if command else OPEN_SETTLE_S,
        weight=weight,
        command=command,
        reason=reason,
    )


def _shows(name: str, keys: tuple[str, ...], label: str, tooltip: str, *, weight: int = 0, also: str = "") -> Action:
    return Action(id=name, keys=keys, label=label, tooltip=tooltip, weight=weight, also=also)


def _moves(name: str, keys: tuple[str, ...], label: str, tooltip: str) -> Action:
    return Action(id=name, keys=keys, label=label, tooltip=tooltip, friction=Friction.NONE)


def _mark(name: str, key: str, label: str, state: SmokeState) -> Action:
    def command(at: Situation) -> cmd.Command:
        return cmd.MarkSmoke(item=at.item, state=state, seen=at.view.state.smoke[at.item].revision)

    return _acts(
        name,
        (key,),
        label,
        f"checklist: mark the item {label}: at once, or asks where a test has its own say",
        pane=CHECKLIST,
        command=command,
        reason=lambda at: why.mark(at, state),
    )


def _run_item(at: Situation) -> cmd.Command:
    return cmd.RunSmoke(items=(at.item,))


def _undo_item(at: Situation) -> cmd.Command:
    return cmd.UndoSmoke(item=at.item, seen=at.view.state.smoke[at.item].revision)


def _acknowledge(at: Situation) -> cmd.Command:
    alarm = why.oldest_alarm(at)
    return cmd.Acknowledge(alarm=alarm.id if alarm else "", seen=alarm.revision if alarm else None)


HOLD = Action(
    id="hold",
    keys=("p", "ctrl+g"),
    label="HOLD",
    tooltip="start nothing new; at once, everywhere (ctrl+g also while typing)",
    also="pause stop halt freeze",
    drives=True,
    leads=False,
    insists=True,
    friction=Friction.NONE,
    weight=20,
    command=lambda _: cmd.Hold(),
)

ACTIONS: tuple[Action, ...] = (
    HOLD,
    _acts(
        "advance",
        ("a",),
        "advance",
        "pass the gate that waits",
        also="next step deploy continue proceed open traffic",
        reason=why.advance,
        weight=18,
    ),
    _acts("resume", ("u",), "resume", "lift the hold", also="continue unpause", reason=why.resume, weight=17),
    _acts(
        "rollback",
        ("r",),
        "roll back…",
        "take the selected service back",
        also="undo revert",
        reason=why.rollback,
        danger=True,
        weight=16,
    ),
    _acts(
        "rollback_all",
        ("R",),
        "all…",
        "take everything back, in reverse order",
        also="roll back undo revert",
        reason=why.rollback_all,
        danger=True,
        weight=12,
    ),
    _acts(
        "failure",
        ("f",),
        "failed: choices",
        "retry, verify, vouch for or skip the selected service",
        also="done by hand error",
        reason=why.failure,
        weight=15,
    ),
    _acts("abort", ("x",), "abort…", "end the run as it stands", also="cancel stop", danger=True),
    _acts(
        "acknowledge",
        ("!",),
        "acknowledge",
        "the oldest alarm has been seen: at once",
        also="silence",
        command=_acknowledge,
        reason=why.acknowledge,
        weight=14,
    ),
    _shows("checklist", ("c",), "checklist", "work the smoke tests", weight=11),
    _mark("smoke_pass", "y", "pass", SmokeState.PASS),
    _mark("smoke_fail", "n", "fail", SmokeState.FAIL),
    _mark("smoke_block", "b", "blocked", SmokeState.BLOCKED),
    _acts(
        "smoke_note",
        ("w",),
        "with a note",
        "checklist: mark the item, with a note",
        pane=CHECKLIST,
        weight=-12,  # the pane itself names it: on the key line help goes first
        reason=why.any_item,
    ),
    _acts(
        "smoke_na",
        ("s",),
        "not applicable",
        "checklist: the item does not apply (reason)",
        pane=CHECKLIST,
        reason=lambda at: why.mark(at, SmokeState.NOT_APPLICABLE),
    ),
    _acts(
        "smoke_run",
        ("enter",),
        "run",
        "checklist: run the item: at once, or asks where that may close traffic",
        pane=CHECKLIST,
        command=_run_item,
        reason=why.runnable_item,
    ),
    _acts(
        "smoke_undo",
        ("z",),
        "undo",
        "checklist: take the last mark back: at once",
        pane=CHECKLIST,
        command=_undo_item,
        reason=why.undo,
    ),
    Action(
        id="evidence",
        keys=("v",),
        label="evidence",
        tooltip="checklist: all that the item sent, got and saw",
        pane=CHECKLIST,
        weight=-11,  # the pane itself names it: on the key line help goes first
        reason=why.any_item,
    ),
    _shows("detail", ("enter",), "detail", "steps, versions, checks and guards of the selected service", weight=8),
    _shows("log", ("l",), "log", "output of the selected service's step", weight=7, also="print stdout"),
    _shows("chart", ("g",), "chart", "big chart of the selected service", weight=6, also="graph plot metrics"),
    _shows("preflight", ("i",), "preflight", "what was checked before the run, and what was found"),
    _acts("note", ("n",), "note", "words for the journal", also="comment", weight=3),
    Action(
        id="lease",
        keys=("L",),
        label="lease",
        tooltip="hand over with a note, accept what is offered, or drive in place of somebody else (reason)",
        also="handover take",
        drives=True,
        leads=False,
        friction=Friction.PROMPT,
    ),
    _acts(
        "close_traffic",
        ("T",),
        "close traffic",
        "keep public traffic out",
        also="shut gate",
        reason=why.close_traffic,
        danger=True,
    ),
    _acts("close", ("C",), "close run", "end a run by its verdict", also="finish", reason=why.close),
    _shows("broadcast", ("b",), "broadcast", "big and calm, for a shared screen", weight=5, also="present"),
    _shows(
        "export",
        ("e",),
        "export",
        "the screen as text and SVG and the report as Markdown, into files",
        weight=2,
        also="save copy picture",
    ),
    _shows("mouse", ("m",), "mouse", "clicks and wheel on or off; off leaves selecting text to the terminal"),
    _shows("theme", ("t",), "theme", "next theme", also="colours dark light"),
    _shows("help", ("?",), "help", "every key with its meaning", weight=10),
    _shows("palette", ("ctrl+p",), "palette", "find an action by name"),
    _shows("quit", ("q",), "detach", "leave the screen; the run goes on", weight=9, also="quit exit"),
    _moves("down", ("down", "j"), "down", "next row"),
    _moves("up", ("up", "k"), "up", "previous row"),
    _moves("page_down", ("pagedown",), "page down", "further down"),
    _moves("page_up", ("pageup",), "page up", "further up"),
    _moves("first", ("home",), "first", "first row"),
    _moves("last", ("end",), "last", "last row; the newest event"),
    _moves("next_pane", ("tab",), "next pane", "focus the next pane"),
    _moves("previous_pane", ("shift+tab",), "previous pane", "focus the previous pane"),
    _moves("back", ("escape",), "back", "back to the sequence, following the run"),
)
