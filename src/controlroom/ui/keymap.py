"""Looks actions up in the registry: by key, by id, for help, palette and the hint line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.ui import actions
from controlroom.ui.actions import ACTIONS, Action, Friction
from controlroom.ui.presenter.keys import Hint
from controlroom.ui.presenter.layout import CHECKLIST

if TYPE_CHECKING:
    from controlroom.ui.situation import Situation

OF_PANE, HOLD_FIRST = 20, 60
ALWAYS_SHOWN = 12
"""Actions of this weight stay on the hint line while they are disabled: they are looked for there."""


def find(key: str, pane: str, *, read_only: bool = False) -> Action | None:
    """What `key` does while `pane` has the focus; a key of that very pane goes first."""
    general = None
    for action in ACTIONS:
        if key not in action.keys or (read_only and action.drives):
            continue
        if action.pane == pane:
            return action
        if not action.pane:
            general = action
    return general


def by_id(name: str) -> Action:
    """The action called `name`; KeyError for none."""
    for action in ACTIONS:
        if action.id == name:
            return action
    raise KeyError(name)


def available(*, read_only: bool) -> list[Action]:
    """Every action of this program; the read-only one has no commands in it at all."""
    return [action for action in ACTIONS if not (read_only and action.drives)]


def hold_key(*, typing: bool) -> str:
    """The key that holds; where letters are typed, the first of them is one."""
    return actions.HOLD.keys[1 if typing else 0]


def hints(at: Situation, *, typing: bool = False, covered: bool = False) -> tuple[Hint, ...]:
    """The hint line's keys, the most useful first; what cannot be done now is there, in grey.

    The focused pane's own keys come right after hold, and in place of what their letters mean elsewhere. Under a dialog
    or a page (`covered`), which shows its own keys, there is hold alone.
    """
    if typing or covered:
        leave = Hint("esc", "back", enabled=True)
        hold = Hint(hold_key(typing=typing), actions.HOLD.label, not actions.HOLD.disabled_reason(at), HOLD_FIRST)
        return (leave,) if at.view.read_only or at.view.state.phase.terminal else (hold, leave)
    nothing_acts = at.view.read_only or at.view.state.phase.terminal
    every = [a for a in available(read_only=nothing_acts) if a.pane in {"", at.pane}]
    own = {key for action in every if action.pane for key in action.keys}
    listed = [a for a in every if a.pane or (a.weight and own.isdisjoint(a.keys))]
    found = []
    for action in sorted(listed, key=_rank):
        enabled = not action.disabled_reason(at)
        if enabled or action.pane or action.weight >= ALWAYS_SHOWN:
            found.append(Hint(action.keys[0], action.label, enabled, -_rank(action) if enabled or action.pane else 1))
    return tuple(found)


def _rank(action: Action) -> int:
    """The lower the earlier."""
    return -(action.weight + OF_PANE) if action.pane else -action.weight - (HOLD_FIRST if action.id == "hold" else 0)


GROUPS = ("Drive", "Roll back", "Checklist", "Look", "Move")


def group_of(action: Action) -> str:
    """The heading under which help lists an action."""
    if action.pane == CHECKLIST:
        return "Checklist"
    if action.danger:
        return "Roll back"
    if action.drives:
        return "Drive"
    return "Move" if action.friction is Friction.NONE else "Look"
