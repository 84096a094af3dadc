"""The state machines that tell a human from a paste, on times written by hand."""

from __future__ import annotations

import pytest

from controlroom.ui.presenter.typed import LONGEST, Move, Pressed, Typed


def typed(*keys: tuple[str, float], fields: int = 1, due: int = 1) -> tuple[Typed, list[Move]]:
    """A prompt that opened at 0.0, and what each key did to it."""
    prompt = Typed(0.0, fields)
    prompt.due = due
    names = {"\n": "enter", "\t": "tab", "\b": "backspace", "\x1b": "escape", "\x15": "ctrl+u"}
    moves = [prompt.key(names.get(key, key), None if key in names else key, when) for key, when in keys]
    return prompt, moves


def test_a_word_and_enter_a_moment_later_submit() -> None:
    """The ordinary case."""
    prompt, moves = typed(("a", 1.0), ("b", 1.1), ("\n", 1.3))
    assert prompt.texts == ["ab"]
    assert moves == [Move.CHANGED, Move.CHANGED, Move.SUBMIT]


@pytest.mark.parametrize(("gap", "move"), [(0.0, Move.NOTHING), (0.149, Move.NOTHING), (0.151, Move.SUBMIT)])
def test_enter_counts_only_after_a_pause(gap: float, move: Move) -> None:
    """At least 150 ms after the last character."""
    _, moves = typed(("a", 1.0), ("\n", 1.0 + gap))
    assert moves[-1] is move


def test_enter_after_enter_needs_the_pause_too() -> None:
    """Two Enters in one paste are no confirmation either."""
    _, moves = typed(("a", 1.0), ("\n", 1.001), ("\n", 1.002), ("\n", 1.2))
    assert moves[1:] == [Move.NOTHING, Move.NOTHING, Move.SUBMIT]


@pytest.mark.parametrize(("when", "text"), [(0.0, ""), (0.39, ""), (0.41, "a")])
def test_what_was_typed_before_the_prompt_could_be_read_is_dropped(when: float, text: str) -> None:
    """400 ms from the opening."""
    prompt, _ = typed(("a", when))
    assert prompt.texts == [text]


def test_a_key_from_before_the_opening_is_dropped() -> None:
    """The stamp counts, not the moment of handling."""
    prompt, moves = typed(("a", -2.0), ("\n", -1.0))
    assert prompt.texts == [""]
    assert moves == [Move.NOTHING, Move.NOTHING]


def test_escape_always_cancels() -> None:
    """Also in the first moment."""
    assert typed(("\x1b", 0.01))[1] == [Move.CANCEL]


def test_editing() -> None:
    """Backspace and ctrl+u; control characters and overlong text are not taken."""
    assert typed(("a", 1), ("b", 2), ("\b", 3))[0].texts == ["a"]
    assert typed(("a", 1), ("b", 2), ("\x15", 3), ("c", 4))[0].texts == ["c"]
    assert typed(("\x07", 1))[0].texts == [""]
    assert len(typed(*(("x", 1.0 + n) for n in range(LONGEST + 50)))[0].texts[0]) == LONGEST


def test_fields_are_gone_through_one_by_one() -> None:
    """Enter goes to the next field that is due, and submits on the last."""
    prompt, moves = typed(("a", 1), ("\n", 2), ("b", 3), ("\n", 4), fields=2, due=2)
    assert prompt.texts == ["a", "b"]
    assert moves == [Move.CHANGED, Move.CHANGED, Move.CHANGED, Move.SUBMIT]


def test_a_prompt_expires_thirty_seconds_after_it_was_last_touched() -> None:
    """Typing a long reason does not close the prompt under the hand."""
    prompt = Typed(100.0)
    assert prompt.left_s(129.0) == pytest.approx(1.0)
    assert prompt.left_s(131.0) < 0
    prompt.key("x", "x", 120.0)
    assert prompt.left_s(131.0) == pytest.approx(19.0)


def pressed(*keys: tuple[str, float]) -> list[str]:
    """The keys that count."""
    waiting = Pressed()
    for key, when in keys:
        waiting.add(key, when)
    return waiting.settled()


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ((("r", 0.0),), ["r"]),
        ((("r", 0.0), ("r", 0.001), ("r", 0.002)), []),
        ((("a", 0.0), ("1", 0.01)), ["a", "1"]),
        ((("a", 0.0), ("b", 0.1), ("c", 0.2)), ["a", "b", "c"]),
        ((("a", 0.0), ("x", 0.2), ("y", 0.21), ("z", 0.22), ("w", 0.23)), ["a"]),
        ((("x", 0.0), ("y", 0.01), ("z", 0.02), ("r", 0.2)), ["r"]),
    ],
)
def test_bursts(keys: tuple[tuple[str, float], ...], count: list[str]) -> None:
    """Three characters within 30 ms of each other are a burst, whatever comes around them."""
    assert pressed(*keys) == count


def test_settled_keys_are_forgotten() -> None:
    """Each key counts once."""
    waiting = Pressed()
    waiting.add("a", 0.0)
    assert waiting.settled() == ["a"]
    assert waiting.settled() == []


def test_moves_count_towards_a_burst() -> None:
    """`jjr` pasted opens nothing, although j acts by itself."""
    waiting = Pressed()
    waiting.note(0.0)
    waiting.note(0.001)
    waiting.add("r", 0.002)
    assert waiting.settled() == []
