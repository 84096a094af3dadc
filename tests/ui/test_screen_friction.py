"""What no key may do by accident: pastes, bursts, type-ahead, Enter in haste, prompts left open."""

from __future__ import annotations

import pytest
from tests.ui.session import session
from tests.ui.story import Story

from controlroom.run import commands as cmd
from controlroom.run import events as ev


@pytest.mark.parametrize("key", ["p", "ctrl+g"])
async def test_hold_is_one_key(key: str) -> None:
    """UX rule 1: hold acts at once, without a question."""
    async with session() as s:
        await s.key(key)
        assert s.given == [cmd.Hold()]


async def test_hold_works_in_every_dialog_and_page() -> None:
    """ctrl+g holds while something is typed; `p` wherever nothing is."""
    async with session(Story().go_live("database")) as s:
        await s.press("a", "ctrl+g")
        assert s.given == [cmd.Hold()]
        s.sees("ADVANCE to 2")
        await s.press("p")
        assert s.given == [cmd.Hold()], "p is a letter in a text field"
        await s.press("escape")
        for opener in ("?", "enter", "b"):
            before = len(s.given)
            await s.press(opener, "p", "escape")
            assert len(s.given) == before + 1, opener


async def test_hold_is_no_toggle() -> None:
    """Pressed twice, it holds twice: the engine knows that this is the same."""
    async with session() as s:
        await s.press("p", "p")
        assert s.given == [cmd.Hold(), cmd.Hold()]


async def test_hold_works_while_the_loop_of_reading_is_busy() -> None:
    """A hold already standing does not disable the key."""
    story = Story()
    story.tell(ev.HoldPlaced(reason="operator", by="ana"))
    async with session(story) as s:
        await s.press("p")
        assert s.given == [cmd.Hold()]


@pytest.mark.parametrize("text", ["are you ready\n", "rrr", "aaa", "auth\n", "rauth\n", "xstaging\nyes\n"])
async def test_a_raw_paste_opens_and_executes_nothing(text: str) -> None:
    """UX rule 3: a burst of three or more characters opens nothing on the main screen."""
    async with session(Story().go_live("database", "auth")) as s:
        await s.burst(text)
        assert s.given == []
        assert not s.app.main.asked


async def test_a_pasted_p_holds_and_nothing_else() -> None:
    """Hold errs on the safe side: it needs no settling, also inside a paste."""
    async with session() as s:
        await s.burst("production\n")
        assert s.given == [cmd.Hold()]


async def test_two_quick_keys_are_still_keys() -> None:
    """A laggy link may deliver two honest keys together: the first opens its prompt, the second is type-ahead."""
    async with session() as s:
        await s.burst("a1")
        s.sees("ADVANCE to 1")
        await s.press("enter")
        assert s.given == []


async def test_type_ahead_is_dropped() -> None:
    """Keys typed before the prompt could be read do not count."""
    async with session() as s:
        await s.key("a")
        await s.wait(0.06)
        await s.key("1")
        s.sees("typed before the prompt could be read")
        await s.wait(0.5)
        await s.key("enter")
        assert s.given == []


async def test_a_frozen_screen_executes_nothing_afterwards() -> None:
    """Five keys typed while the screen stood still are not carried out when it goes on."""
    async with session() as s:
        for name in ("a", "1", "enter", "enter", "1"):
            await s.key(name)
            s.timing.now += 0.2
        await s.wait(1.0)
        assert s.given == []


async def test_bracketed_paste_is_refused_in_a_prompt() -> None:
    """A paste of exactly the right word types nothing."""
    async with session() as s:
        await s.press("a")
        await s.paste("1")
        s.sees("pasted text is refused: type it")
        await s.press("enter")
        assert s.given == []


async def test_a_burst_with_enter_confirms_nothing() -> None:
    """A raw paste of the right word and Enter leaves the prompt open; Enter pressed afterwards is a human's."""
    async with session(Story().go_live("database", "auth").breach("auth")) as s:
        await s.press("r")
        await s.burst("auth\n")
        s.sees("Enter came with the text", "ROLL BACK auth")
        assert s.given == []
        await s.key("enter")
        assert len(s.given) == 1


async def test_honest_typing_in_bursts_works() -> None:
    """A laggy link delivers the word at once and Enter later: that is honest."""
    async with session(Story().go_live("database", "auth").breach("auth")) as s:
        await s.press("r")
        await s.burst("auth")
        await s.key("enter")
        assert [type(c) for c in s.given] == [cmd.RollBack]


async def test_a_prompt_left_alone_closes() -> None:
    """After 30 s nobody remembers what was asked."""
    async with session() as s:
        await s.press("a")
        s.sees("closes in 30 s")
        await s.wait(20)
        s.sees("ADVANCE to 1")
        await s.wait(11)
        s.misses("and press Enter")
        s.sees("left alone for 30 s, not sent: ADVANCE to 1 Base de Datos")
        assert s.given == []


@pytest.mark.parametrize("leave", ["escape", ""])
async def test_a_prompt_that_closes_does_not_deny_what_was_done_from_it(leave: str) -> None:
    """A hold from inside the prompt was sent: its answer stays, however the prompt ends."""
    async with session() as s:
        await s.press("a", "ctrl+g", *([leave] if leave else []))
        await s.wait(31)
        assert s.given == [cmd.Hold()]
        s.misses("ADVANCE to 1", "not sent", "nothing was done")
        s.sees("✓ Hold accepted")


async def test_the_key_line_names_the_key_that_holds_now() -> None:
    """Where letters are typed `p` is one of them: in prompts, the palette and searches it is ctrl+g."""
    story = Story().go_live("database", "auth")
    story.start_step("catalog", job="catalog-1")
    async with session(story) as s:
        s.sees("  p HOLD, always one key")
        for opener in ("n", "ctrl+p"):
            await s.press(opener)
            s.sees("ctrl+g HOLD, always one key")
            s.misses("  p HOLD")
            await s.press("escape")
            s.sees("  p HOLD, always one key")
        await s.press("l")
        s.sees("  p HOLD, always one key")
        await s.press("/")
        s.sees("ctrl+g HOLD, always one key")
        await s.press("escape")
        s.sees("  p HOLD, always one key")
        await s.press("escape", "b", "n")
        s.sees("ctrl+g HOLD")
        s.misses("  p HOLD")


async def test_escape_cancels_and_says_so() -> None:
    """Leaving a prompt does nothing, and says that."""
    async with session() as s:
        await s.press("a", "1", "escape")
        s.sees("cancelled, not sent: ADVANCE to 1 Base de Datos")
        s.misses("and press Enter")
        assert s.given == []


async def test_resizing_in_a_prompt_loses_nothing() -> None:
    """What was typed survives any change of size."""
    async with session(Story().go_live("database", "auth").breach("auth")) as s:
        await s.press("r")
        await s.types("au")
        for width, height in ((80, 24), (60, 12), (200, 60), (160, 48)):
            await s.resize(width, height)
        await s.types("th")
        await s.wait(0.3)
        await s.key("enter")
        assert [type(c) for c in s.given] == [cmd.RollBack]


async def test_quit_detaches_and_the_run_goes_on() -> None:
    """`q` takes leave of the engine and ends the program with no code of its own."""
    async with session() as s:
        await s.press("q")
        assert s.link.closed
        assert s.given == []
        assert s.app.signalled is None


async def test_quit_in_a_burst_stays() -> None:
    """A paste that begins with q leaves nothing."""
    async with session() as s:
        await s.burst("quit now")
        assert not s.link.closed
