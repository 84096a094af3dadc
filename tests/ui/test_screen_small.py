"""Below the designed sizes, and for those who only look on: nothing that matters is missing, nothing acts unseen."""

from __future__ import annotations

from typing import Any

import pytest
from bench.plans import s5
from msgspec.structs import replace
from tests.ui.moments import deploying, failed, held, look, ready, rolling_back, smoking, watching
from tests.ui.session import session
from tests.ui.story import Story

from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import DataState, Phase, Traffic
from controlroom.ui.actions import ACTIONS
from controlroom.ui.presenter.header import header
from controlroom.ui.presenter.text import Tone, plain
from controlroom.ui.presenter.words import traffic_sign

SMALL = [(60, 15), (40, 8)]


def counting() -> Story:
    """A guard that rolls back by itself has fired half a minute before its time."""
    story = held()
    story.tell(ev.CountdownStarted(guard="error-rate", service="auth", for_s=60.0))
    return story.wait(30)


@pytest.mark.parametrize("size", SMALL)
async def test_header_phase_step_and_hold_key_remain(size: tuple[int, int]) -> None:
    """UX rule 9: what runs, where the run stands, whether it is held, and the one key."""
    async with session(deploying(), size=size) as s:
        s.sees("PRODUCTION", "● LIVE", "▶ DEPLOYING", "HOLD no", "▶ 3 API de Cat", "deploy 1/1", "p HOLD")
        await s.press("p")
        assert s.given == [cmd.Hold()]
        s.sees("✓ Hold accepted", "p HOLD")


@pytest.mark.parametrize("size", SMALL)
async def test_alarm_and_hold_remain(size: tuple[int, int]) -> None:
    """The strip with its action, and that the run is held."""
    async with session(held(), size=size) as s:
        s.sees("▲ ALARM", "! acknowledge", "■ HELD", "u resume", " HELD ", "◆ 3 API de Cat")


@pytest.mark.parametrize("size", SMALL)
async def test_a_rollback_under_way_is_said(size: tuple[int, int]) -> None:
    """How far it is comes before everything but the phase."""
    async with session(rolling_back(), size=size) as s:
        s.sees("rolling back 1 of 2")


async def test_a_single_row_is_for_the_gravest() -> None:
    """Four rows: header, the alarm itself, the step at its gate, the key."""
    async with session(held(), size=(30, 4)) as s:
        s.sees("PRODUCTION", "▲ ALARM", "AT GATE", "p HOLD")


@pytest.mark.parametrize("size", SMALL)
async def test_no_row_is_wasted(size: tuple[int, int]) -> None:
    """Every row says something while there is something to say."""
    async with session(deploying(), size=size) as s:
        rows = s.picture.split("\n")
        assert all(row.strip() for row in rows), s.picture


async def test_after_the_services_what_follows_goes_first() -> None:
    """While smoke tests and watch are what matters, live services give way."""
    async with session(watching(), size=(40, 8)) as s:
        s.sees("● WATCHING", "Smoke tests", "Traffic", "Watch  03:02:00", "API de Pedid")


@pytest.mark.parametrize("size", SMALL)
async def test_no_mark_acts_on_an_item_that_is_not_shown(size: tuple[int, int]) -> None:
    """The pane with the focus is the one on screen: `y` marks what can be seen."""
    async with session(smoking(), size=size) as s:
        await s.press("c", "end")
        s.sees("Smoke tests", "Verificar Estado de")
        await s.press("y")
        assert [type(command) for command in s.given] == [cmd.MarkSmoke]
        await s.press("escape")
        s.sees("API de Pedid")


@pytest.mark.parametrize("size", SMALL)
@pytest.mark.parametrize(
    ("story", "key", "words"),
    [
        (ready, "a", ["Type      1", "›", "ctrl+g HOLD"]),
        (held, "r", ["ROLL BACK auth", "Type      auth", "›", "ctrl+g HOLD"]),
        (held, "R", ["ROLL BACK EVERYTHING", "database stays", "Type      production", "Reason", "ctrl+g HOLD"]),
        (failed, "f", ["what now?", "retry", "verify", "Type", "›", "ctrl+g HOLD"]),
    ],
)
async def test_prompts_keep_their_field_and_keys(
    story: object, key: str, words: list[str], size: tuple[int, int]
) -> None:
    """What a prompt has to say gives way, never what it asks."""
    async with session(story(), size=size) as s:  # type: ignore[operator]
        await s.press(key)
        s.sees(*words)
        assert s.picture.split("\n")[-1].startswith(("╰", " ")), "the frame ends on the screen"


async def test_at_the_smallest_an_answer_takes_the_place_of_the_hints() -> None:
    """A refusal must be read; the key that holds stays beside it."""
    async with session(ready(), size=(40, 8)) as s:
        await s.press("u")
        s.sees("resume: nothing is held", "p HOLD")
        await s.press("down")
        await s.press("a")
        s.sees("ADVANCE to 1")


@pytest.mark.parametrize("width", [160, 120, 100, 80, 60, 40, 30])
@pytest.mark.parametrize("changes", [{"read_only": True}, {"may_drive": False}])
def test_onlookers_see_at_every_size_that_they_only_look_on(width: int, changes: dict[str, Any]) -> None:
    """UX rule 12: nobody waits for keys that do nothing."""
    assert "READ-ONLY" in plain(header(look(held(), **changes), width))
    assert "READ-ONLY" not in plain(header(look(held()), width))


@pytest.mark.parametrize("width", [160, 120, 80])
def test_who_drives_is_said(width: int) -> None:
    """One's own lease, and somebody else's."""
    story = held()
    assert "ana" in plain(header(look(story), width))
    story.tell(ev.LeaseTaken(operator="ben", host="bastion-2", uid=1001, previous="ana", reason="shift"))
    assert "ben drives" in plain(header(look(story), width))


@pytest.mark.parametrize("size", [(160, 48), (80, 24), *SMALL])
async def test_a_run_that_is_over_offers_no_keys_that_act(size: tuple[int, int]) -> None:
    """Neither hold nor acknowledge: there is nothing left to ask for."""
    story = held()
    story.tell(ev.VerdictReached(phase=Phase.ABORTED, why="aborted by ana"))
    story.tell(ev.PhaseChanged(phase=Phase.ABORTED))
    async with session(story, size=size) as s:
        s.sees("RUN ENDED", "q leaves")
        await s.press("j")
        s.misses("acknowledge", "p HOLD", "u resume")


@pytest.mark.parametrize("size", [(160, 48), (80, 24), *SMALL])
async def test_onlookers_are_offered_no_keys_that_act(size: tuple[int, int]) -> None:
    """No acknowledge, no resume, no failure menu beside what they see."""
    async with session(held(), size=size, read_only=True) as s:
        s.sees("▲ ALARM", "■ HELD", "READ-ONLY")
        s.misses("acknowledge", "resume", "act at once")
    async with session(failed(), size=size, read_only=True) as s:
        s.misses("f choices")


@pytest.mark.parametrize("size", [(160, 48), (80, 24), *SMALL])
async def test_a_countdown_shows_its_seconds_and_the_key_that_stops_it(size: tuple[int, int]) -> None:
    """A guard that rolls back by itself: how long there is, and what calls it off, also inside a prompt."""
    async with session(counting(), size=size) as s:
        s.sees("ROLLS BACK", "in 30 s", "p HOLD calls it off" if size[0] >= 80 else "p stops it")
        await s.wait(5)
        s.sees("in 25 s")
        if size[1] > 8:
            await s.press("n")
            s.sees("ctrl+g HOLD calls it off" if size[0] >= 80 else "ctrl+g stops it")
            await s.press("ctrl+g")
            assert s.given == [cmd.Hold()]


@pytest.mark.parametrize("width", [80, 60])
async def test_an_answer_is_read_before_the_trail_of_keys(width: int) -> None:
    """What was pressed gives way to what came of it."""
    async with session(watching(), size=(width, 24)) as s:
        await s.press("j", "j", "c", "escape", "?", "escape", "g", "escape", "C")
        s.sees("close run: the watch has run 3 h of at least 24 h")


@pytest.mark.parametrize("size", [(160, 48), (80, 24), *SMALL])
async def test_a_watch_behind_a_closed_gate_is_out_of_the_ordinary(size: tuple[int, int]) -> None:
    """The public is kept out while the watch goes on: that stands beside the phase."""
    story = watching()
    story.tell(ev.TrafficFinished(state=Traffic.CLOSED, ok=True, detail=""))
    async with session(story, size=size) as s:
        assert "traffic CLOSED" in s.picture.split("\n")[1]
    assert traffic_sign(story.state).tone is Tone.WARN
    assert traffic_sign(ready().state).tone is Tone.QUIET


async def test_a_service_without_numbers_has_no_chart_on_its_way() -> None:
    """Nothing is being drawn that never comes."""
    async with session(ready()) as s:
        await s.press("g")
        s.sees("database: no series to draw", "the plan names no metric")
        s.misses("drawing")


async def test_a_countdown_that_waits_for_data_says_so() -> None:
    """S5: at zero nothing is rolled back on old numbers."""
    async with session(counting(), size=(160, 48)) as s:
        await s.wait(31)
        s.sees("ROLLS BACK", "as soon as fresh data shows the breach")


async def test_an_alarm_does_not_announce_a_rollback_that_was_called_off() -> None:
    """While it counts the line above says so; afterwards the way back is the operator's again."""
    plan = s5()
    acting = replace(plan, guards=tuple(replace(g, on_breach=("hold", "rollback")) for g in plan.guards))
    story = Story(acting).go_live("database", "auth").breach("auth")
    suggest = "rolls back auth in 10 min: hold or acknowledge to call it off"
    alarm = "guard:error-rate/auth"
    story.tell(ev.AlarmRaised(alarm=alarm, text="API de Auth: 6.2 % > 5 %", service="auth", suggest=suggest))
    story.tell(ev.CountdownStarted(guard="error-rate", service="auth", for_s=600.0))
    async with session(story) as s:
        s.sees("ROLLS BACK", "in 10:00", "▲ ALARM", "! acknowledge, which calls it off")
        s.misses("→ roll")
        await s.tell(ev.CountdownCancelled(guard="error-rate", service="auth", why="called off by ana"))
        s.misses("ROLLS BACK", "rolls back auth in", "which calls it off")
        s.sees("→ roll back auth")


async def test_onlookers_see_a_countdown_without_its_key() -> None:
    """They cannot stop it."""
    async with session(counting(), read_only=True) as s:
        s.sees("ROLLS BACK", "in 30 s")
        s.misses("calls it off")


LONG = "Catalogue v2.1.0, beside the live one"


def long_named() -> Story:
    """A plan whose second service has a name as long as a line."""
    plan = s5()
    services = tuple(replace(s, name=LONG) if s.id == "auth" else s for s in plan.services)
    return Story(replace(plan, services=services)).go_live("database", "auth").wait(30).chart().breach("auth")


def alarmed(why: str) -> Story:
    """Its guard has fired."""
    story = long_named()
    text = f"{LONG}: {why}"
    story.tell(ev.AlarmRaised(alarm="guard:error-rate/auth", text=text, service="auth", suggest="roll back auth"))
    return story


async def test_the_numbers_of_an_alarm_come_before_the_name() -> None:
    """80 columns: the service's id says which, once; the numbers and what to do are whole."""
    async with session(alarmed("auth 6.2 % > 5 % for 05:01"), size=(80, 24)) as s:
        s.sees("▲ ALARM   auth 6.2 % > 5 % for 05:01", "→ roll back auth", "! acknowledge")
    async with session(alarmed("auth 6.2 % > 5 % on average over 1 h for 30:15"), size=(80, 24)) as s:
        s.sees("▲ ALARM   auth 6.2 % > 5 % on average over 1 h for 30:15", "! acknowledge")
    async with session(alarmed("auth 6.2 % > 5 % for 05:01")) as s:
        s.sees(f"{LONG}: auth 6.2 % > 5 % for 05:01", "since ", "→ roll back auth", "! acknowledge")


async def test_the_numbers_of_a_growing_breach_come_before_the_name() -> None:
    """What it has come to, and when the guard fires."""
    async with session(long_named(), size=(80, 24)) as s:
        s.sees("▲ BREACH  auth  error 6.2 % > 5 %", "03:41 / 05:00")
    async with session(long_named()) as s:
        s.sees(f"▲ BREACH  {LONG}  error 6.2 % > 5 %", "then the guard fires")


async def test_why_an_action_is_disabled_is_never_cut() -> None:
    """Help at 80 columns puts the reason below the words."""
    async with session(ready(), size=(80, 24)) as s:
        await s.press("?")
        seen = []
        for _ in range(8):
            seen += [row.strip("│ ") for row in s.picture.split("\n") if row.startswith("│")]
            await s.press("pagedown")
        text = " ".join(" ".join(seen).split())
        closed = next(a for a in ACTIONS if a.id == "close_traffic")
        view = s.app.main.situation()
        assert view is not None
        assert f"keep public traffic out not now: {closed.disabled_reason(view)}" in text
        lease = next(a for a in ACTIONS if a.id == "lease")
        assert lease.tooltip in text
        assert not [row for row in seen if row.endswith("…")]


async def test_times_of_an_hour_are_whole_at_80_columns() -> None:
    """A step that is given an hour, and a breach that has lasted for longer."""
    plan = s5()
    slow = tuple(replace(s, estimate_s=3600.0) for s in plan.services)
    story = Story(replace(plan, services=slow)).go_live("database", "auth")
    story.tell(ev.GatePassed(gate="catalog"), actor="ana")
    story.start_step("catalog")
    story.wait(670).chart().breach("auth", seconds=4000.0)
    story.measure("auth", "error_rate", None, DataState.NO_TRAFFIC)
    async with session(story, size=(80, 24)) as s:
        s.sees("DEPLOYING", "11:10 / 01:00:00", "NO TRAFFIC")
        s.misses("01…", "01:0…")


async def test_the_coverage_of_a_watch_is_shown_at_80_columns() -> None:
    """The line that says how the watch stands has all that the manual says."""
    async with session(watching(), size=(80, 24)) as s:
        line = s.picture.split("\n")[1]
        for words in ("● WATCHING", "03:02:00 of 48:00:00", "coverage 99 %", "no incident"):
            assert words in line, line
