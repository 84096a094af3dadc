"""The one registry: keys, help, palette and refusals agree because they come from it."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.ui.moments import EVERY, look

from controlroom.ui import deeds, keymap
from controlroom.ui.actions import ACTIONS, Friction
from controlroom.ui.presenter.layout import CHECKLIST, PANES
from controlroom.ui.questions import QUESTIONS
from controlroom.ui.situation import Situation


def test_ids_and_keys_are_unique() -> None:
    """No id twice, no key twice in one pane."""
    assert not [name for name, n in Counter(a.id for a in ACTIONS).items() if n > 1]
    for pane in PANES:
        keys = Counter(k for a in ACTIONS if a.pane == pane for k in a.keys)
        keys += Counter(k for a in ACTIONS if not a.pane for k in a.keys)
        allowed = {k for a in ACTIONS if a.pane == pane for k in a.keys}
        assert not [k for k, n in keys.items() if n > 1 and k not in allowed]


def test_every_action_is_done_in_exactly_one_way() -> None:
    """A command (that a prompt may precede), a deed of the screen, or a move."""
    assert {a.id for a in ACTIONS if a.drives} >= set(QUESTIONS)
    for action in ACTIONS:
        ways = [
            action.command is not None or action.id in QUESTIONS,
            action.id in deeds.DEEDS,
            action.friction is Friction.NONE and action.command is None,
        ]
        assert sum(ways) == 1, action.id
        assert action.tooltip
        assert action.label


def test_only_hold_acts_on_the_run_without_settling_or_asking() -> None:
    """UX rules 1 and 2."""
    acting = [a for a in ACTIONS if a.drives]
    assert [a.id for a in acting if a.friction is Friction.NONE] == ["hold"]
    immediate = {a.id for a in acting if a.friction is Friction.SETTLE}
    assert immediate == {"acknowledge", "smoke_pass", "smoke_fail", "smoke_block", "smoke_run", "smoke_undo"}
    assert all(a.id in QUESTIONS for a in acting if a.friction is Friction.PROMPT)


def test_what_acts_at_once_says_so() -> None:
    """Help and palette show the words; what opens a prompt does not say so."""
    for action in ACTIONS:
        if action.drives:
            assert ("at once" in action.tooltip) == (action.command is not None), action.id


def test_keys_are_those_of_the_manual() -> None:
    """The keys that people have learnt do not move."""
    expected = {
        "hold": "p", "advance": "a", "resume": "u", "rollback": "r", "rollback_all": "R", "abort": "x",
        "failure": "f", "acknowledge": "!", "note": "n", "export": "e", "detail": "enter", "log": "l", "chart": "g",
        "checklist": "c", "smoke_pass": "y", "smoke_fail": "n", "smoke_block": "b", "smoke_na": "s",
        "smoke_run": "enter", "smoke_undo": "z", "smoke_note": "w", "evidence": "v", "broadcast": "b", "mouse": "m",
        "theme": "t", "help": "?", "palette": "ctrl+p", "quit": "q", "next_pane": "tab",
    }  # fmt: skip
    assert {name: keymap.by_id(name).keys[0] for name in expected} == expected


def test_a_pane_of_its_own_goes_first() -> None:
    """`n` is fail in the checklist and a note elsewhere."""
    found = [keymap.find("n", pane) for pane in (CHECKLIST, "sequence")]
    assert [a.id for a in found if a] == ["smoke_fail", "note"]
    assert keymap.find("Z", "sequence") is None


def test_the_read_only_program_has_no_commands_in_it() -> None:
    """`watch` cannot give one even by accident."""
    assert not [a for a in keymap.available(read_only=True) if a.drives or a.command or a.id in QUESTIONS]
    assert keymap.find("p", "sequence", read_only=True) is None


@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
def test_reasons_never_fail(moment: object) -> None:
    """At every moment and for every selection each action either can be taken or says why not."""
    view = look(moment())  # type: ignore[operator]
    for service in (*view.state.services, ""):
        for item in (*view.state.smoke, ""):
            at = Situation(view=view, service=service, item=item)
            for action in ACTIONS:
                reason = action.disabled_reason(at)
                if not reason and action.id in QUESTIONS:
                    prompt = QUESTIONS[action.id](at)
                    assert action.command if prompt is None else prompt.title, action.id
                if not reason and action.command is not None:
                    assert action.command(at) is not None
            assert keymap.hints(at)


def test_every_action_has_a_group() -> None:
    """Help lists all of them under a heading."""
    assert {keymap.group_of(a) for a in ACTIONS} == set(keymap.GROUPS)


def test_every_action_answers_to_its_own_name() -> None:
    """And to the words that others use for it; not to everything."""
    for action in ACTIONS:
        assert action.answers_to(action.label.strip("…")), action.id
        assert not action.answers_to("zebra"), action.id
    said = {"quit": "quit", "pause": "hold", "next step": "advance", "ack": "acknowledge", "hand-over": "lease"}
    for typed, name in said.items():
        assert keymap.by_id(name).answers_to(typed), typed
