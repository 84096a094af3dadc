"""The checklist, moving about, and every page that opens over the panes."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.ui.moments import deploying, held, smoking, watching
from tests.ui.session import Session, session
from tests.ui.story import Story
from textual import events
from textual.strip import Strip

from controlroom.control import protocol as wire
from controlroom.errors import JournalError
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.columns import Columns
from controlroom.run.fact import PreflightResult
from controlroom.run.phases import Phase, SmokeState, Traffic, Verdict
from controlroom.ui import actions
from controlroom.ui.presenter.text import plain
from controlroom.ui.screens.log import LogPage

if TYPE_CHECKING:
    from pathlib import Path


# -- the checklist


@pytest.mark.parametrize(
    ("key", "state"),
    [("y", SmokeState.PASS), ("n", SmokeState.FAIL), ("b", SmokeState.BLOCKED)],
)
async def test_marks_act_at_once_on_the_selected_item(key: str, state: SmokeState) -> None:
    """`c`, then y, n or b marks what is done by hand under the cursor, with the revision that was seen."""
    async with session(smoking()) as s:
        await s.press("c", "end", key)
        assert s.given == [cmd.MarkSmoke(item="order-status", state=state, seen=0)]


async def test_the_checklist_says_which_of_its_keys_ask() -> None:
    """`…` as everywhere, and what for; what is done by hand has none of it, until a failure would close traffic."""
    async with session(smoking()) as s:
        await s.press("c")
        s.sees("enter run  y pass…  n fail…  b blocked…  s n/a…", "… asks for the word and a reason")
        await s.press("end")
        s.sees("y pass  n fail  b blocked  s n/a…")
        s.misses("enter run  y", "asks for the word")
        await s.tell(ev.TrafficFinished(state=Traffic.OPEN, ok=True, detail=""))
        s.sees("y pass  n fail…  b blocked")


async def test_the_first_hint_and_help_say_what_acts_at_once() -> None:
    """Nobody finds out by pressing a key."""
    async with session(smoking(), size=(80, 24)) as s:
        s.sees("? shows the keys; only p, ! and the checklist's act at once", "p HOLD")
        await s.press("?")
        s.sees("keys that act ask first, or say: at once", "Esc back")


async def test_a_mark_that_was_taken_back_is_told_in_words() -> None:
    """The item is to do again."""
    async with session(smoking()) as s:
        await s.tell(ev.SmokeMarked(item="login", state=SmokeState.TODO, note="mark taken back", undo=True), "ana")
        s.sees("[ ] to do   Login", "mark taken back")


async def test_a_mark_settles_first() -> None:
    """120 ms of quiet, so that a slip of two keys marks nothing by half."""
    async with session(smoking()) as s:
        await s.press("c", "end")
        await s.key("y")
        await s.wait(0.06)
        assert s.given == []
        await s.wait(0.1)
        assert len(s.given) == 1


async def test_not_applicable_wants_a_reason() -> None:
    """`s` asks why the item does not apply."""
    async with session(smoking()) as s:
        await s.press("c", "down", "down", "s")
        s.sees("NOT APPLICABLE: Búsqueda de Producto")
        await s.confirm("search is behind a flag")
        assert s.given == [
            cmd.MarkSmoke(item="search", state=SmokeState.NOT_APPLICABLE, seen=0, reason="search is behind a flag")
        ]


async def test_enter_runs_an_automatic_item_and_z_takes_a_mark_back() -> None:
    """Run and undo; both are refused where they make no sense."""
    async with session(smoking()) as s:
        await s.press("c", "enter")
        assert s.given == [cmd.RunSmoke(items=("signup",))]
        await s.press("z")
        assert isinstance(s.given[-1], cmd.UndoSmoke)
        await s.press("end", "enter")
        s.sees("this item is done by hand")
        await s.press("z")
        s.sees("nothing to undo here")
        assert len(s.given) == 2


async def test_a_mark_by_hand_takes_a_note() -> None:
    """`w` marks the item under the cursor with words of one's own, which the journal and the report keep."""
    async with session(smoking()) as s:
        await s.press("c", "end", "w")
        s.sees("MARK WITH A NOTE: ")
        await s.confirm("pass", "seen on an old phone")
        (item,) = [item.id for item in s.story.outline.smoke if item.kind == "manual"]
        assert s.given == [cmd.MarkSmoke(item=item, state=SmokeState.PASS, seen=0, reason="seen on an old phone")]


async def test_evidence_is_one_key_away() -> None:
    """`v` opens all that the item under the cursor saw, also for those who only watch; `v` or Esc closes it."""
    async with session(smoking(), operator="eve", may_drive=False) as s:
        await s.press("c", "v")
        s.sees("Registro de Usuario   signup", "✓ PASS   by engine", "✓ POST /users   84 ms", "201 in 84 ms")
        await s.press("v", "down", "v")
        s.sees("✗ FAIL   by ana", "401 for a known user", "Nothing was seen by the program itself")
        await s.press("escape", "escape", "v")
        s.sees("v means nothing here")


async def test_checklist_keys_mean_nothing_elsewhere() -> None:
    """`y` on the sequence marks nothing; `n` there is a note."""
    async with session(smoking()) as s:
        await s.press("y")
        s.sees("y means nothing here")
        await s.press("n")
        s.sees("NOTE for the journal")
        assert s.given == []


async def test_observers_cannot_tick() -> None:
    """S20: whoever may not drive is told so."""
    async with session(smoking(), operator="eve", may_drive=False) as s:
        await s.press("c", "y")
        s.sees("eve may watch, not drive")
        assert s.given == []


# -- selection and panes


async def test_selection_follows_the_run_until_it_is_moved() -> None:
    """The service where something happens is selected; moved once, the selection stays; Esc follows again."""
    async with session(deploying()) as s:
        assert s.app.main.selection.service == "catalog"
        await s.press("up", "up")
        assert s.app.main.selection.service == "database"
        await s.chapter(lambda story: story.end_step("catalog"))
        assert s.app.main.selection.service == "database"
        await s.press("escape")
        assert s.app.main.selection.service == "catalog"


async def test_selection_goes_where_it_hurts() -> None:
    """With an alarm on a service, `r` is for that service."""
    async with session(held()) as s:
        assert s.app.main.selection.service == "auth"
        await s.press("r")
        s.sees("ROLL BACK auth")


async def test_tab_goes_through_the_panes() -> None:
    """Tab and shift+tab move the focus around; at 80x24 the lower pane changes with it."""
    async with session(smoking(), size=(80, 24)) as s:
        s.sees("Health │ Smoke 1/5 │ Journal", "p95")
        await s.press("tab", "tab")
        s.sees("Registro de Usuario")
        await s.press("tab")
        s.sees("SMOKE", "event 5")
        await s.press("tab", "shift+tab", "shift+tab")
        s.sees("Registro de Usuario")


async def test_the_journal_scrolls_back_and_returns() -> None:
    """Older lines by keys, the newest again by `end`."""
    async with session(held()) as s:
        for _ in range(30):
            s.story.tell(ev.NoteAdded(text=f"note {_:02}"), actor="ana")
        await s.hear(len(s.story.records) - 30)
        await s.press("tab", "tab", "tab")
        s.sees("note 29")
        await s.press("pageup", "pageup")
        s.misses("note 29")
        s.sees("scrolled back")
        await s.press("end")
        s.sees("note 29")


# -- pages


async def test_help_lists_every_action_with_its_reason() -> None:
    """UX rule 13: everything there is, and why not now."""
    async with session() as s:
        await s.press("?")
        s.sees("pass the gate that waits", "not now: nothing is held")
        await s.press("end")
        s.sees("a step of that service began")
        await s.press("escape")
        s.misses("pass the gate that waits")


async def test_detail_shows_steps_numbers_and_guards() -> None:
    """`enter` opens everything about the selected service."""
    async with session(held()) as s:
        await s.press("enter")
        s.sees("API de Auth", "v2.0.0 → v2.1.0", "deploy auth v2.1.0", "attempt 1 of 3", "breach > 5 %", "FAIL")
        s.sees("▲ ALARM")


async def test_detail_judges_by_the_newest_sample() -> None:
    """The guard's line never contradicts the number above it."""
    async with session(deploying()) as s:
        await s.press("up", "enter")
        s.sees("API de Auth", "INCONCLUSIVE  no sample yet")
        guard = replace(s.story.state.guards["error-rate/auth"], verdict=Verdict.PASS, value=0.0, why="auth 0 % ≤ 5 %")
        sample = s.story.measure("auth", "error_rate", 0.0)
        s.link.say(wire.Sampled(samples=(sample,), guards=(guard,)))
        await s.settle()
        await s.wait(1.1)
        s.sees("PASS          auth 0 % ≤ 5 %")


async def test_preflight_shows_what_was_checked() -> None:
    """`i`: what one should know first, a failure with its fix, long sentences whole; at 80x24 as well."""
    found = (
        PreflightResult(subject="auth", ok=True, detail="v2.0.0 is live, goes to v2.1.0"),
        PreflightResult(subject="orders/error_rate", ok=True, detail="orders 6.2 % > 5 %, accepted: x", warn=True),
        PreflightResult(subject="$TOKEN", ok=False, detail="is not set, for services.auth", fix="export it"),
        PreflightResult(subject="logs: ELK", ok=True, detail="12 entries in 5m, 50 allowed while watching " * 3),
    )
    story = Story(preflight=found)
    async with session(story, size=(80, 24)) as s:
        await s.press("i")
        s.sees("Preflight   4 checks, 2 to know of")
        s.sees("✗ FAIL  $TOKEN", "→ export it", "! warn  orders/error_rate  orders 6.2 % > 5 %, accepted: x")
        picture = s.picture
        assert picture.index("$TOKEN") < picture.index("! warn") < picture.index("✓ ok")
        assert " ".join(picture.replace("│", " ").split()).count("12 entries in 5m, 50 allowed while watching") == 3
        await s.press("i")
        s.misses("Preflight")


async def test_the_size_of_a_short_log_is_no_zero() -> None:
    """Three lines are some bytes."""
    async with session(deploying()) as s:
        await s.press("l")
        await s.wait(1)
        s.sees("third line", "following, 34 bytes")


async def test_log_follows_scrolls_and_searches() -> None:
    """`l` shows the output of the step; `/` searches upwards and marks what it found."""
    async with session(deploying()) as s:
        s.link.log = "".join(f"line {n:05}\n" for n in range(30000))
        await s.press("l")
        await s.wait(1)
        s.sees("catalog · deploy catalog v2.1.0", "line 29999", "following, 330 KB")
        await s.press("home")
        s.sees("line 00000")
        await s.press("end")
        s.sees("line 29999")
        await s.press("/")
        await s.types("line 0123")
        await s.press("enter")
        s.sees("line 01239")
        assert max(limit for _, limit in s.link.reads) <= 65536


async def test_a_search_begins_with_what_is_in_sight() -> None:
    """The line before one's eyes is found first, `n` goes on upwards, and what is not there is said."""
    async with session(deploying()) as s:
        s.link.log = "".join(f"line {n:05} {'needle' if n in {5, 29990, 29998} else ''}\n" for n in range(30000))
        await s.press("l")
        await s.wait(1)
        await s.press("/")
        await s.types("needle")
        await s.press("enter")
        assert lit_line(s).startswith("line 29998")
        s.sees("line 29999")
        await s.press("n")
        assert lit_line(s).startswith("line 29990")
        s.sees("line 29999")
        await s.press("n")
        assert lit_line(s).startswith("line 00005")
        await s.press("n")
        s.sees("not found further up: needle")


def lit_line(s: Session) -> str:
    """The one row of the page on top that is lit."""
    page = s.app.screen
    assert isinstance(page, LogPage)
    (row,) = [line for line in page._lines.lines if any(span.lit for span in line)]
    return plain(row).strip("│ ")


async def test_log_grows_while_it_is_followed() -> None:
    """What the job prints meanwhile appears by itself."""
    async with session(deploying()) as s:
        await s.press("l")
        await s.wait(1)
        s.sees("third line")
        s.link.log += "fourth line\n"
        await s.wait(2)
        s.sees("fourth line")


async def test_a_log_of_a_hundred_megabytes_stays_small() -> None:
    """Scrolling through any length keeps a bounded piece of it."""
    async with session(deploying()) as s:
        s.link.log = "x" * 60 + "\n"
        s.link.log *= 100_000
        await s.press("l", "home")
        page = s.app.screen
        for _ in range(40):
            await s.press("pagedown", "pagedown", "pagedown")
        assert isinstance(page, LogPage)
        assert sum(len(line) for line in page._reader.book.lines) < 300_000


async def test_log_without_output_says_so() -> None:
    """A service that never ran has no log."""
    async with session() as s:
        await s.press("l")
        s.sees("no step of database has printed anything yet")


async def test_chart_is_drawn_off_the_loop() -> None:
    """`g` draws the series of the selected service, with limit and breach; spans and series by keys."""
    async with session(held()) as s:
        await s.press("g")
        await drawn(s)
        s.sees("auth", "error_rate", "10 min", "limit 5 %", "above it")
        await s.press("tab")
        await drawn(s)
        s.sees("latency_p95", "limit 800 ms")
        await s.press("right")
        await drawn(s)
        s.sees("1 h")


async def test_chart_asks_the_engine_for_the_long_past() -> None:
    """A screen that has just come shows what the engine kept: 1 h and 48 h, each asked once, 10 min not at all."""
    story = held()
    async with session(story) as s:
        await s.press("g")
        await drawn(s)
        assert s.link.looks == []
        past = Columns(720.0, 240, story.elapsed)
        s.link.past = past.part("auth/error_rate")
        await s.press("left")
        await drawn(s)
        await drawn(s)
        assert s.link.looks == [("auth/error_rate", 720.0, 240)]
        await s.press("left")
        await drawn(s)
        assert s.link.looks[1:] == [("auth/error_rate", 30.0, 120)]


async def test_chart_without_a_kept_past_shows_what_came_since() -> None:
    """What the engine cannot read is no error on screen, and is not asked for again and again."""
    async with session(held()) as s:
        await s.press("g", "right")
        await drawn(s)
        await drawn(s)
        s.sees("1 h")
        assert len(s.link.looks) == 1


async def drawn(s: Session) -> None:
    """Wait until the thread has drawn."""
    task = s.app.screen._drawing  # type: ignore[attr-defined]
    if task is not None:
        await task
    await s.wait(1.0)
    await s.app.screen._drawing  # type: ignore[attr-defined]
    await s.settle()


async def test_nothing_moves_once_the_run_is_over() -> None:
    """The watch ends with its verdict, the numbers with the run, and the engine may go."""
    story = watching()
    story.tell(ev.VerdictReached(phase=Phase.FAILED, why="an incident"))
    story.wait(600).tell(ev.PhaseChanged(phase=Phase.FAILED))
    async with session(story) as s:
        s.sees("RUN ENDED", "when the run ended", "03:02:00 of 48:00:00", "FAILED")
        before = s.picture
        s.link.status = "LOST"
        await s.wait(120)
        assert s.picture == before


async def test_palette_finds_and_takes_no_shortcut() -> None:
    """ctrl+p offers what can be done now; choosing an action with a prompt opens the prompt."""
    async with session() as s:
        await s.press("ctrl+p")
        s.sees("What to do", "pass the gate that waits")
        s.misses("lift the hold")
        await s.wait(0.5)
        await s.types("gate")
        await s.wait(0.3)
        await s.key("enter")
        await s.wait(0.1)
        s.sees("ADVANCE to 1")
        assert s.given == []


@pytest.mark.parametrize("typed", ["rollback", "roll back", "roll", "Roll-back", "revert"])
async def test_palette_finds_both_ways_back_however_they_are_spelt(typed: str) -> None:
    """At 3 a.m. nobody knows whether it is one word or two."""
    async with session(held()) as s:
        await s.press("ctrl+p")
        await s.types(typed)
        s.sees("take the selected service back", "take everything back, in reverse order")
        s.misses("nothing that can be done now", "words for the journal")


async def test_palette_says_why_what_was_meant_cannot_be_done() -> None:
    """Who looks for the way back of a service that never went forth must not find the way back of everything alone."""
    async with session(held()) as s:
        await s.press("end", "ctrl+p")
        await s.types("rollback")
        s.sees("R      all…              take everything back")
        s.sees("r      roll back…        not now: frontend was not deployed")
        await s.press("down", "enter")
        s.sees("ROLL BACK EVERYTHING")
    async with session() as s:
        await s.press("ctrl+p")
        await s.types("resume")
        s.sees("u      resume            not now: nothing is held")
        await s.wait(0.5)
        await s.press("enter")
        s.sees("What to do")
        s.misses("RESUME")
        assert s.given == []


async def test_broadcast_is_big_and_keys_go_on_working() -> None:
    """`b` shows the shared picture; prompts open over it; `b` goes back."""
    async with session(held(), size=(80, 16)) as s:
        await s.press("b")
        s.sees("PRODUCTION", "▄▀▀▀▄", "roll back auth", "p HOLD")
        await s.press("p")
        assert s.given == [cmd.Hold()]
        await s.press("r")
        s.sees("ROLL BACK auth")
        await s.press("escape", "b")
        s.misses("▄▀▀▀▄")


@pytest.mark.parametrize("opens", ["b", "?", "enter", "a"])
async def test_a_key_that_comes_for_a_page_just_left_does_nothing(opens: str) -> None:
    """Two keys that close a page, both on their way before the first is answered, close that page alone."""
    async with session() as s:
        await s.press(opens)
        for _ in range(2):
            s.app.post_message(events.Key("escape", None))
        await s.wait(0.5)
        assert s.app.screen is s.app.main
        assert s.app.failure is None
        s.sees("Sequence", "p HOLD")


async def test_a_page_that_was_left_takes_its_picture_with_it() -> None:
    """Pages are opened all night long; memory is that of one."""

    def strips() -> int:
        gc.collect()
        return sum(isinstance(thing, Strip) for thing in gc.get_objects())

    async with session() as s:
        await s.press("b", "b")
        before = strips()
        for _ in range(8):
            await s.press("b", "b")
        assert strips() < before + 100  # a page is 48 rows, eight of them are many more


async def test_theme_changes_and_says_which() -> None:
    """`t` goes through the themes."""
    async with session() as s:
        seen = set()
        for _ in range(4):
            await s.press("t")
            seen.add(s.app.pen.palette.theme.name)  # type: ignore[attr-defined]
        assert seen == {"ansi", "control-light", "high-contrast", "control-dark"}


async def until(s: Session, *words: str) -> None:
    """Wait until a thread has done its part and `words` are on screen."""
    for _ in range(500):
        if all(word in s.picture for word in words):
            return
        await asyncio.to_thread(lambda: None)
        await s.settle()
    s.sees(*words)


async def test_export_writes_picture_and_report_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`e` keeps the picture as text and SVG and the report as Markdown; whole paths, whatever the width."""
    monkeypatch.chdir(tmp_path)
    async with session(held(), report=lambda: "# Close-out\n", size=(80, 24)) as s:
        await s.press("e")
        await until(s, "Exported", "exported 3 files")
        (text,), (picture,), (report,) = (list(tmp_path.glob(f"*.{kind}")) for kind in ("txt", "svg", "md"))
        shown = "".join(row.strip("│ ").rstrip() for row in s.picture.split("\n"))
        assert all(str(path) in shown for path in (text, picture, report)), s.picture
        assert "▲ ALARM" in text.read_text(encoding="utf-8")
        assert "<svg" in picture.read_text(encoding="utf-8")
        assert report.read_text(encoding="utf-8") == "# Close-out\n"
        await s.press("p", "escape")
        assert s.given == [cmd.Hold()]
        s.misses("Exported")


async def test_export_says_what_could_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that cannot be read costs the report, not the picture; nothing is passed over in silence."""

    def fails() -> str:
        raise JournalError("the disk is gone")

    monkeypatch.chdir(tmp_path)
    async with session(held(), report=fails) as s:
        await s.press("e")
        await until(s, "exported 2 of 3 files", "NOT WRITTEN", "the disk is gone")
        await s.wait(61)
        s.misses("NOT WRITTEN")


async def test_a_notice_stands_until_the_first_key() -> None:
    """What the operator must know as he comes is on the key line instead of the first hint."""
    async with session(notice="IGNORED --speed 20: attached to a run that was running already") as s:
        await s.wait(60)
        s.sees("IGNORED --speed 20: attached")


# -- the link


async def test_a_lost_engine_is_loud_and_comes_back() -> None:
    """LIVE, STALE, LOST with the age of the last word; commands say why they cannot go, hold is kept for later."""
    async with session() as s:
        s.link.status = "STALE"
        await s.wait(4)
        s.sees("STALE 4 s")
        s.link.status = "LOST"
        await s.wait(8)
        s.sees("LOST 12 s", "what you see is old")
        await s.press("a")
        s.sees("the engine cannot be reached")
        await s.press("p")
        assert s.given == [cmd.Hold()], "the link delivers it once the engine is back"
        s.sees("✓ Hold accepted")
        s.link.hears.clear()
        await s.press("p")
        s.sees("HOLD: nobody hears it yet; sent as soon as the engine is back")
        s.link.hears.set()
        s.link.status = "LIVE"
        s.link.say(wire.Beat(at=s.story.now.timestamp(), elapsed_s=s.story.elapsed))
        await s.wait(1)
        s.sees("● LIVE")
        s.misses("LOST")


async def test_a_reconnection_replaces_the_picture() -> None:
    """After a new Welcome and Snapshot the screen shows the new state; nothing is folded twice."""
    async with session(Story()) as s:
        s.story.go_live("database", "auth")
        s.link.say(wire.Welcome(run="r", operator="ana", may_drive=True))
        s.link.say(s.story.snapshot())
        await s.wait(1)
        s.sees("2 of 5 live")
        s.link.say(wire.Happened(record=s.story.records[-1]))
        await s.wait(1)
        s.sees("2 of 5 live")


async def test_watch_has_no_actions_in_it() -> None:
    """`watch` is a program without commands: no key gives one, and help does not list any."""
    async with session(held(), read_only=True) as s:
        for action in actions.ACTIONS:
            if action.drives:
                await s.press(action.keys[0])
                await s.press("escape")
        await s.press("ctrl+g")
        assert s.given == []
        s.sees("READ-ONLY", "ana drives")
        await s.press("?")
        s.misses("HOLD", "roll back…", "pass the gate")


async def test_no_color_and_ascii() -> None:
    """NO_COLOR draws without a colour, a locale without UTF-8 with ASCII only."""
    async with session(held(), no_color=True, ascii_only=True) as s:
        assert s.picture.isascii(), [c for c in s.picture if not c.isascii()]
        s.sees("! ALARM", "API de Catalogo", "# HELD")
        await s.press("r")
        assert s.picture.isascii()
        for strip in s.app.screen._compositor.render_strips():
            for segment in strip:
                style = segment.style
                assert style is None or style.color is None or style.color.is_default


@pytest.mark.parametrize("size", [(160, 48), (120, 36), (80, 24), (60, 15), (40, 8)])
async def test_every_size_shows_where_the_run_stands(size: tuple[int, int]) -> None:
    """UX rule 9: environment, alarm and the hold key at any size."""
    async with session(held(), size=size) as s:
        s.sees("PRODUCTION", "ALARM", "p HOLD")
