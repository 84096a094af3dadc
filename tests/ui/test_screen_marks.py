"""Marks of the checklist: fast by hand, asked for against a test's own word, and never a door shut by a slip."""

from __future__ import annotations

import pytest
from tests.ui.moments import look, smoking, text, watching
from tests.ui.session import session
from tests.ui.story import Story

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import SmokeState, Traffic
from controlroom.ui.presenter.prompt import dialog
from controlroom.ui.presenter.tally import counted, settled
from controlroom.ui.presenter.text import plain
from controlroom.ui.presenter.typed import Typed
from controlroom.ui.prompts_marks import mark
from controlroom.ui.situation import Situation

BY_HAND, AUTOMATIC = "order-status", "login"


@pytest.mark.parametrize(
    ("key", "word", "state"),
    [("y", "pass", SmokeState.PASS), ("n", "fail", SmokeState.FAIL), ("b", "blocked", SmokeState.BLOCKED)],
)
async def test_a_mark_on_an_automatic_item_wants_its_word_and_a_reason(key: str, word: str, state: SmokeState) -> None:
    """The test speaks for itself; who says otherwise types what, and why."""
    async with session(smoking()) as s:
        await s.press("c", "down", "down", key)
        assert s.given == []
        s.sees("Búsqueda de Producto", f"Type      {word}", "has not been run: enter runs it")
        await s.confirm(word)
        assert s.given == [], "a reason is due"
        await s.confirm("seen by the team")
        assert s.given == [cmd.MarkSmoke(item="search", state=state, seen=0, reason="seen by the team")]


async def test_the_prompt_shows_what_the_test_itself_said() -> None:
    """The result that the mark goes against, with its time and who set it."""
    async with session(smoking()) as s:
        await s.press("c", "n")
        s.sees("MARK AS FAIL: Registro de Usuario", "✓ PASS  201 in 84 ms", "an alarm; traffic stays closed")
        s.misses("CLOSES")


async def test_a_fail_that_closes_traffic_says_so_and_asks_also_by_hand() -> None:
    """S21: with the public in, a failed mandatory item shuts the door; no slip of a key may do that."""
    async with session(watching()) as s:
        await s.press("c", "end", "n")
        s.sees("MARK AS FAIL: Verificar Estado de Pedido", "CLOSES", "PUBLIC TRAFFIC", "undo does not open it again")
        assert s.given == []
        await s.confirm("fail")
        revision = s.story.state.smoke[BY_HAND].revision
        assert s.given == [cmd.MarkSmoke(item=BY_HAND, state=SmokeState.FAIL, seen=revision)]


async def test_a_mark_by_hand_that_closes_nothing_stays_fast() -> None:
    """The public is not in yet: `n` acts at once, `z` takes it back."""
    async with session(smoking()) as s:
        await s.press("c", "end", "n")
        assert s.given == [cmd.MarkSmoke(item=BY_HAND, state=SmokeState.FAIL, seen=0)]


async def test_running_a_test_that_may_close_traffic_asks_first() -> None:
    """While the public is in, a mandatory test that fails shuts it out."""
    async with session(watching()) as s:
        await s.press("c", "enter")
        s.sees("RUN: Registro de Usuario", "CLOSES", "if it fails")
        assert s.given == []
        await s.confirm("run")
        assert s.given == [cmd.RunSmoke(items=("signup",))]


async def test_an_undo_that_brings_a_failure_back_asks_first() -> None:
    """Taking back the pass that hid a failure closes traffic as the failure does."""
    story = watching()
    story.tell(ev.SmokeMarked(item=BY_HAND, state=SmokeState.FAIL), actor="ana")
    story.tell(ev.SmokeMarked(item=BY_HAND, state=SmokeState.PASS), actor="ana")
    async with session(story) as s:
        await s.press("c", "end", "z")
        s.sees("UNDO: Verificar Estado de Pedido", "Back to   FAIL", "CLOSES")
        assert s.given == []
        await s.confirm("undo")
        assert s.given == [cmd.UndoSmoke(item=BY_HAND, seen=story.state.smoke[BY_HAND].revision)]


async def test_an_item_that_moves_on_is_not_marked() -> None:
    """S18: the result that comes in while the prompt is open makes it look again."""
    async with session(smoking()) as s:
        await s.press("c", "down", "y")
        await s.chapter(lambda story: story.tell(ev.SmokeStarted(item=AUTOMATIC)))
        s.sees("login is RUNNING now: Esc, and look again")
        await s.confirm("pass", "as far as I saw")
        assert s.given == []


async def test_the_same_mark_twice_is_refused() -> None:
    """It would make the undo forget what was there before."""
    async with session(smoking()) as s:
        await s.press("c", "down", "n")
        s.sees("fail: login is FAIL already")
        assert s.given == []


def test_while_traffic_opens_the_prompt_says_when_it_closes() -> None:
    """A door on its way open is shut as soon as it is."""
    story = watching()
    story.tell(ev.TrafficStarted(to=Traffic.OPEN, why="again"))
    view = look(story)
    prompt = mark(Situation(view=view, item=BY_HAND), SmokeState.FAIL)
    assert prompt is not None
    assert "as soon as it is open" in text(dialog(prompt, Typed(0.0, 2), 0, view, 1.0, 100))


def test_the_counter_counts_what_passed_as_passed_and_nothing_else() -> None:
    """Not applicable, failed, blocked and stale items are named for what they are."""
    story = Story().go_live("database", "auth", "catalog", "orders", "frontend")
    states = (SmokeState.PASS, SmokeState.NOT_APPLICABLE, SmokeState.FAIL, SmokeState.BLOCKED, SmokeState.STALE)
    for item, state in zip(story.state.smoke, states, strict=True):
        story.tell(ev.SmokeMarked(item=item, state=state, note="so"), actor="ana")
    assert plain(counted(story.state)) == "1 of 5 passed  1 n/a  1 FAILED  1 BLOCKED  1 STALE"
    assert plain(counted(story.state, short=True)).startswith("1/5  1 n/a")
    assert not settled(story.state)


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_an_item_that_does_not_apply_has_not_passed(size: tuple[int, int]) -> None:
    """Header, sequence, checklist and tabs say the same."""
    story = smoking()
    story.tell(ev.SmokeMarked(item=AUTOMATIC, state=SmokeState.NOT_APPLICABLE, note="no login"), actor="ana")
    async with session(story, size=size) as s:
        s.sees("1 of 5 passed  1 n/a")
        s.misses("2 of 5", "2/5")
        await s.press("c")
        s.sees("1/5")
        await s.press("escape", "b")
        s.sees("Smoke tests 1 of 5 passed  1 n/a")
