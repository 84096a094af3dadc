"""What the presenters say: texts, figures, header, strip, sequence, checklist, journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest
from bench.plans import s5
from msgspec.structs import replace
from tests.ui.moments import (
    blind,
    breaching,
    deploying,
    ended,
    failed,
    held,
    look,
    ready,
    rolling_back,
    smoking,
    text,
    watching,
)
from tests.ui.story import Story

from controlroom.run import events as ev
from controlroom.run.phases import Phase, SmokeState, Verdict
from controlroom.ui.presenter.broadcast import broadcast, headline
from controlroom.ui.presenter.checklist import checklist
from controlroom.ui.presenter.evidence import evidence_rows
from controlroom.ui.presenter.figures import age, clock, long_clock, measure, number
from controlroom.ui.presenter.header import header, status
from controlroom.ui.presenter.journal import journal, journal_rows
from controlroom.ui.presenter.keys import QUIET, Hint, Said, hints, key_line
from controlroom.ui.presenter.sentences import SENTENCES, sentence
from controlroom.ui.presenter.sequence import compact, sequence
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.text import Span, Tone, clean, crop, fit, packed, plain, sides, width_of
from controlroom.ui.presenter.view import Freshness, LinkView

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("seconds", "short", "full"),
    [
        (0, "00:00", "00:00:00"),
        (221.9, "03:41", "00:03:41"),
        (3599, "59:59", "00:59:59"),
        (3600, "01:00:00", "01:00:00"),
        (172800, "48:00:00", "48:00:00"),
        (-5, "00:00", "00:00:00"),
    ],
)
def test_durations(seconds: float, short: str, full: str) -> None:
    """Minutes below an hour, hours that go on past 24, never negative."""
    assert (clock(seconds), long_clock(seconds)) == (short, full)


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (6.2, "%", "6.2 %"),
        (0.44, "%", "0.44 %"),
        (5.0, "%", "5 %"),
        (312.4, "ms", "312 ms"),
        (1240, "ms", "1.24 s"),
        (1536, "MiB", "1,536 MiB"),
        (0, "", "0"),
    ],
)
def test_measures(value: float, unit: str, words: str) -> None:
    """Three figures or so, and the unit."""
    assert measure(value, unit) == words


def test_ages_and_numbers() -> None:
    """Ages in one unit; numbers never in scientific notation where people read them."""
    assert [age(s) for s in (0, 31, 119, 240, 7300)] == ["0 s", "31 s", "119 s", "4 min", "2 h"]
    assert [number(n) for n in (99.95, 100.4, 12, 0.05)] == ["100.0", "100", "12", "0.05"]


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("red \x1b[31m", "red  [31m"),
        ("a\tb\nc", "a b c"),
        ("bell\x07", "bell "),
        ("Catálogo", "Catálogo"),
    ],
)
def test_nothing_on_screen_steers_the_terminal(raw: str, shown: str) -> None:
    """S27: control characters never reach the terminal, whatever their source."""
    assert clean(raw) == shown


def test_fitting() -> None:
    """A line is cut with an ellipsis or filled with blanks, counted in cells."""
    line = (Span("API de "), Span("Catálogo", Tone.STRONG))
    assert plain(fit(line, 10)) == "API de Ca…"
    assert plain(fit((Span("OK      "),), 4)) == "OK", "blanks are no loss"
    assert plain(fit((Span("OK  "), Span("  ")), 4)) == "OK"
    assert plain(fit((Span("OK  "), Span(" x")), 4)) == "OK…"
    assert width_of(fit(line, 40)) == 40
    assert crop("日本語", 5) == "日本…"
    assert width_of(fit((Span("日本語"),), 5)) == 5
    assert plain(sides((Span("left"),), (Span("right"),), 12)) == "left   right"
    assert plain(sides((Span("a long left side"),), (Span("right"),), 12)) == "a long…right"


def test_packing_drops_the_least_important_first() -> None:
    """What does not fit goes by importance, not by place."""
    parts = [(2, (Span("two"),)), (9, (Span("nine"),)), (1, (Span("one"),)), (5, (Span("five"),))]
    assert plain(packed(parts, 40)) == "two   nine   one   five"
    assert plain(packed(parts, 17)) == "two   nine   five"
    assert plain(packed(parts, 4)) == "nine"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (ready, ["READY", "Equipo de DevOps", "0 of 5 live", "next: gate 1 Base de Datos", "HOLD no", "fits: yes"]),
        (deploying, ["DEPLOYING", "3/5 API de Catálogo", "then verify", "HOLD no"]),
        (held, ["DEPLOYING", "next: gate 3 API de Catálogo", "HELD"]),
        (rolling_back, ["rolling back 1 of 2"]),
        (smoking, ["SMOKE TESTS", "1 of 5 passed"]),
        (
            watching,
            [
                "WATCHING",
                "03:02:00 of 48:00:00",
                "coverage p95 99 %, error 99 %",
                "no incident",
                "may be closed in 20:58:00",
            ],
        ),
        (ended, ["SUCCEEDED", "no major incident in 48 h"]),
    ],
)
def test_status_line(moment: Callable[[], Story], words: list[str]) -> None:
    """The second line says where the run stands and what it waits for."""
    line = plain(status(look(moment()), 160))
    assert all(word in line for word in words), line


def test_header_names_environment_plan_driver_and_freshness() -> None:
    """The first line: what this is, who drives, how fresh, how long the window stays open."""
    line = plain(header(look(deploying()), 160))
    for words in (
        "PRODUCTION",
        "s5-hardening @9f3c1a2",
        "op ana (drives)",
        "● LIVE lag 4 ms",
        "obs 3",
        "window closes in 01:58:",
        "T+00:01:31",
        "03:01:42Z",
    ):
        assert words in line, line


@pytest.mark.parametrize("width", [160, 120, 80, 40])
def test_environment_is_marked_at_every_width(width: int) -> None:
    """S30: whatever has to go, PRODUCTION or REHEARSAL stays."""
    assert "PRODUCTION" in plain(header(look(ready()), width))
    rehearsal = look(Story(s5(rehearsal=True)))
    assert "REHEARSAL" in plain(header(rehearsal, width))
    assert "PRODUCTION" not in plain(header(rehearsal, width))


@pytest.mark.parametrize(
    ("freshness", "age_s", "words"),
    [(Freshness.STALE, 4.2, "STALE 4 s"), (Freshness.LOST, 12.0, "LOST 12 s")],
)
def test_freshness_shows_the_age_of_the_last_word(freshness: Freshness, age_s: float, words: str) -> None:
    """An old picture says so in the header and in the strip."""
    view = look(deploying(), link=LinkView(freshness=freshness, age_s=age_s))
    assert words in plain(header(view, 160))
    assert freshness.value in text(strip(view, 160, 4))


def test_a_window_that_is_too_short_is_loud() -> None:
    """S19: what is left plus a whole rollback, against the end of the window."""
    story = Story()
    story.wait(2 * 3600 - 300)
    view = look(story)
    assert "fits: NO" in plain(status(view, 160))
    tones = {span.tone for span in status(view, 160) if "fits" in span.text}
    assert tones == {Tone.BREACH}


def test_a_closed_window_is_loud() -> None:
    """Past its end the window is not counted down but named."""
    assert "WINDOW CLOSED" in plain(header(look(Story().wait(3 * 3600)), 160))


def test_growing_breach_counts_towards_its_limit() -> None:
    """S7: the countdown is on screen while the guard has not fired."""
    lines = text(strip(look(breaching()), 160, 4))
    assert "▲ BREACH" in lines
    assert "API de Auth  error 6.2 % > 5 %" in lines
    assert "03:41 / 05:00" in lines


def test_a_frozen_timer_says_so() -> None:
    """S5: without data the timer stands still, and the strip says why."""
    story = deploying()
    story.tell(
        ev.GuardChanged(
            guard="error-rate",
            service="auth",
            verdict=look(story).state.guards["error-rate/auth"].verdict,
            breach_s=90.0,
            value=None,
            why="auth no data",
            frozen=True,
        )
    )
    assert "timer frozen: no data" in text(strip(look(story.wait(60)), 160, 4))
    assert "01:30 / 05:00" in text(strip(look(story.wait(60)), 160, 4))


def test_alarm_strip_shows_alarm_action_and_hold() -> None:
    """UX rule 5: the alarm with the action beside it, then why the run is held."""
    lines = text(strip(look(held()), 160, 4)).splitlines()
    assert "▲ ALARM" in lines[0]
    assert "→ roll back auth   ! acknowledge" in lines[0]
    assert "■ HELD" in lines[1]
    assert "guard error rate" in lines[1]


def test_strip_counts_what_has_no_room() -> None:
    """With one line too few the last one says how many are hidden."""
    story = held()
    story.tell(ev.AlarmRaised(alarm="other", text="something else"))
    assert text(strip(look(story), 160, 2)).splitlines()[1].startswith(" ▲ 2 more")


def test_holding_says_that_the_service_under_way_completes() -> None:
    """S11: a hold during a step is HOLDING until the step is done."""
    story = deploying()
    story.tell(ev.HoldPlaced(reason="operator", by="ana"))
    assert "HOLDING…" in plain(status(look(story), 160))
    assert "the service under way completes first" in text(strip(look(story), 160, 4))


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (ready, ["◆ 1 Base de Datos", "41 → 42", "AT GATE", "· 2 API de Auth", "~01:00"]),
        (
            deploying,
            ["✓ 1", "LIVE", "▶ 3 API de Catálogo", "DEPLOYING", "00:21 / 01:00", "deploy 1/1 · deploy catalog v2.1.0"],
        ),
        (failed, ["✗ 3 API de Catálogo", "FAILED", "exit 1: no space left on device", "f choices"]),
        (rolling_back, ["◀ 3 API de Catálogo", "v2.1.0 → v2.0.0", "ROLLING BACK", "TO GO BACK"]),
        (smoking, ["✗   Smoke tests", "1 of 5 passed  1 FAILED", "Traffic", "CLOSED"]),
        (watching, ["Watch", "03:02:00 of 48:00:00", "✓   Traffic", "OPEN"]),
    ],
)
def test_sequence_rows(moment: Callable[[], Story], words: list[str]) -> None:
    """Order, name, versions, state with shape, elapsed against estimate, and what the step says."""
    rows = text(sequence(look(moment()), 67, 24, selected="auth", focused=True))
    assert all(word in rows for word in words), rows


def test_a_step_that_outlasts_its_estimate_is_marked() -> None:
    """Late is a tone of its own on the time."""
    story = Story().go_live("database")
    story.start_step("auth")
    story.wait(75)
    rows = sequence(look(story), 67, 24)
    late = [span for row in rows for span in row if "01:15 / 01:00" in span.text]
    assert [span.tone for span in late] == [Tone.WARN]


def test_the_last_line_of_output_is_under_the_running_step() -> None:
    """What the command prints is seen as it comes, without its escapes."""
    view = look(deploying(), output={"catalog": ["pulling image", "layer 3 of 5\x1b[31m"]})
    rows = text(sequence(view, 67, 24))
    assert "deploy 1/1 · layer 3 of 5 [31m" in rows
    assert "pulling image" in rows, "the tail below, where there is room"


def test_compact_puts_the_running_step_first() -> None:
    """In a few lines, what matters now is on top."""
    lines = text(compact(look(deploying()), 60, 3)).splitlines()
    assert "API de Catálogo" in lines[0]
    assert "deploy catalog" in lines[1]


def test_checklist_shows_state_who_when_and_what_was_seen() -> None:
    """S20: every item with its evidence."""
    pane = text(checklist(look(smoking()), 110, 12, selected="signup", focused=True))
    for words in (
        "1 [✓] PASS",
        "201 in 84 ms",
        "✓ POST /users",
        "84 ms",
        "2 [✗] FAIL",
        "401 for a known user",
        "ana",
        "[ ] to do",
        "by hand",
        "1/5  1 FAILED · traffic CLOSED",
        "y pass",
    ):
        assert words in pane, pane


def test_a_flaky_item_is_no_plain_pass() -> None:
    """S20: it has a shape and a word of its own, is counted beside what passed, and shows its newest attempt."""
    evidence = (
        ev.Evidence(title="POST /users", ok=False, detail="status 503, not 201", attempt=1),
        ev.Evidence(title="POST /users", ok=True, detail="201 in 80 ms", attempt=2),
    )
    story = smoking()
    note = "passed at attempt 2 of 3; before that status 503, not 201"
    story.tell(ev.SmokeStarted(item="search"))
    story.tell(
        ev.SmokeFinished(item="search", state=SmokeState.FLAKY, note=note, evidence=evidence, attempts=2),
    )
    pane = text(checklist(look(story), 130, 12, selected="search", focused=True))
    for words in ("[≈] FLAKY", "passed at attempt 2 of 3; before that", "✓ POST /users", "1/5  1 FLAKY  1 FAILED"):
        assert words in pane, pane
    assert "✗ POST /users" not in pane


def test_evidence_of_an_item_in_full() -> None:
    """S20: state, note, link, and of every attempt what was sent, what came back and how long it took, unabridged."""
    evidence = (
        ev.Evidence(
            title="POST /users", ok=False, detail="status 503, not 201", took_s=0.03, got="503 busy", attempt=1
        ),
        ev.Evidence(title="POST /users", ok=True, detail="201", sent="POST /users {" + "x" * 90 + "}", attempt=2),
    )
    story = smoking()
    story.tell(ev.SmokeStarted(item="search"))
    story.tell(ev.SmokeFinished(item="search", state=SmokeState.FLAKY, note="n", evidence=evidence, attempts=2))
    page = text(evidence_rows(look(story), "search", 60))
    for words in ("≈ FLAKY   by engine at", "mandatory", "Attempt 1 of 2", "✗ POST /users   30 ms", "got", "503 busy"):
        assert words in page, page
    assert page.index("Attempt 1 of 2") < page.index("503 busy") < page.index("Attempt 2 of 2") < page.index("✓ POST")
    assert page.count("x") >= 90
    outline = replace(
        story.outline.smoke[0], kind="manual", instructions="open the shop\x1b[2J", link="https://wiki.test/42"
    )
    asked = Story(replace(story.outline, smoke=(outline,)))
    page = text(evidence_rows(look(asked), outline.id, 60))
    for words in ("by hand, mandatory", "open the shop", "https://wiki.test/42", "Nothing was seen"):
        assert words in page, page
    assert "\x1b" not in page


def test_an_item_goes_stale_in_sight() -> None:
    """S20: what was tested before a redeploy is STALE."""
    story = smoking()
    story.start_step("auth")
    assert "[↻] STALE" in text(checklist(look(story), 93, 8))


def test_observers_see_no_checklist_keys() -> None:
    """S20: observers cannot tick."""
    view = look(smoking(), may_drive=False)
    pane = text(checklist(view, 93, 12, selected="signup", focused=True))
    assert "observers cannot tick" in pane
    assert "y pass" not in pane


def test_a_line_of_the_journal_says_nothing_twice() -> None:
    """Neither how long a breach has lasted nor who did it, where the words say so already."""
    story = ready()
    breach = ev.GuardChanged(
        guard="error-rate",
        service="auth",
        verdict=Verdict.FAIL,
        breach_s=191.0,
        value=8.1,
        why="8.1 % > 5 % for 03:11 of 05:00",
    )
    assert sentence(story.tell(breach, "guard:error-rate")).text == "8.1 % > 5 % for 03:11 of 05:00"
    frozen = replace(breach, why="no data", frozen=True)
    assert sentence(story.tell(frozen, "guard:error-rate")).text == "no data (03:11, timer frozen)"
    said = sentence(
        story.tell(ev.HoldPlaced(reason="guard:error-rate", by="guard:error-rate", note="8.1 %"), "guard:error-rate")
    )
    assert (said.text, said.who) == ("guard:error-rate: 8.1 %", "")
    said = sentence(story.tell(ev.HoldPlaced(reason="operator", by="ana"), "ana"))
    assert (said.text, said.who) == ("operator, by ana", "")
    said = sentence(story.tell(ev.NoteAdded(text="banana"), "ana"))
    assert (said.text, said.who) == ("banana", "ana")


def test_every_kind_of_event_has_a_sentence() -> None:
    """A new event without a sentence fails here, not at 3 a.m."""
    assert {kind.__name__ for kind in SENTENCES} == {kind.__name__ for kind in get_args(ev.Event)}


@pytest.mark.parametrize("moment", [held, failed, rolling_back, smoking, watching, ended], ids=lambda m: m.__name__)
def test_every_record_of_a_run_reads_as_one_line(moment: Callable[[], Story]) -> None:
    """One line an event, with a word and words, and nothing that steers."""
    story = moment()
    for record in story.records:
        said = sentence(record)
        assert said.word
        assert said.word == said.word.strip()
        assert "\n" not in said.text


def test_journal_shows_the_newest_at_the_bottom() -> None:
    """The tail of what this screen has heard."""
    story = held()
    rows = text(journal(look(story, records=story.records), 120, 8)).splitlines()
    assert "HOLD" in rows[-2]
    assert "ALARM" in rows[-3]
    assert "FIRED" in rows[-4]


def test_a_breach_that_is_reported_again_takes_one_line() -> None:
    """A guard reports every few seconds while it grows; the journal pane keeps the newest."""
    story = deploying()
    for seconds in (5.0, 10.0, 15.0):
        story.breach("auth", seconds=seconds)
    rows = [plain(row) for row in journal_rows(look(story, records=story.records), 120, 40)]
    assert sum("BREACH" in row for row in rows) == 1
    assert any("00:15" in row for row in rows)


def test_a_gap_in_what_was_heard_is_shown() -> None:
    """After a reconnection the journal pane says how much it missed."""
    story = held()
    heard = [r for r in story.records if r.seq < 5 or r.seq > 9]
    rows = [plain(row) for row in journal_rows(look(story, records=heard), 120, 60)]
    assert any("5 events passed while this screen was away" in row for row in rows)


def test_key_line_shows_keys_answer_and_the_one_key() -> None:
    """The team sees what was pressed and what it meant."""
    line = plain(key_line(("a", "3"), Said("✓ advancing to catalog", Tone.OK), 120))
    assert line.startswith(" keys › a › 3   ✓ advancing to catalog")
    assert line.endswith("p HOLD, always one key")
    assert "HOLD" not in plain(key_line((), QUIET, 120, read_only=True))


def test_hint_line_drops_the_least_useful_keys() -> None:
    """HOLD stays when almost nothing fits."""
    keys = [Hint("p", "HOLD", True, 20), Hint("a", "advance", True, 18), Hint("e", "export", True, 2)]
    assert "p HOLD" in plain(hints("auth", keys, 14))
    assert "export" in plain(hints("auth", keys, 60))


@pytest.mark.parametrize(
    ("moment", "word"),
    [
        (deploying, "DEPLOYING"),
        (held, "ALARM"),
        (rolling_back, "ROLLING BACK"),
        (watching, "WATCHING"),
        (ended, "SUCCEEDED"),
    ],
)
def test_broadcast_has_one_word(moment: Callable[[], Story], word: str) -> None:
    """Alarm before rollback before hold before phase."""
    assert headline(look(moment())).word == word


def test_broadcast_does_not_cry_alarm_over_what_is_over() -> None:
    """An alarm whose cause is gone stands in the strip until it is acknowledged; the big word goes on to the hold."""
    story = held()
    (alarm,) = story.state.alarms
    story.tell(ev.AlarmCleared(alarm=alarm))
    assert headline(look(story)).word == "HELD"
    assert "RECOVERED" in text(broadcast(look(story), 80, 24, (), QUIET))


def test_broadcast_says_how_the_watch_stands() -> None:
    """S22: from afar: hours, coverage, incidents, what comes next; at 80 columns what matters least gives way."""
    wide = text(broadcast(look(watching()), 120, 24, (), QUIET))
    assert "03:02:00 of 48:00:00   coverage p95 99 %, error 99 %   no incident   may be closed in 20:58:00" in wide
    narrow = text(broadcast(look(watching()), 60, 16, (), QUIET))
    assert "03:02:00 of 48:00:00" in narrow
    assert "no incident" in narrow
    assert "of 48:00:00" not in text(broadcast(look(smoking()), 120, 24, (), QUIET))


def test_broadcast_shows_no_output() -> None:
    """UX rule 12: what commands print is never on the shared picture."""
    view = look(deploying(), output={"catalog": ["token=hunter2"]})
    assert "hunter2" not in text(broadcast(view, 80, 16, (), QUIET))


def test_no_data_is_a_word_with_its_age_and_cause() -> None:
    """S5: missing data never reads as healthy."""
    from controlroom.ui.presenter.trends import trends  # noqa: PLC0415 - one test of this module needs it

    pane = text(trends(look(blind()), 110, 16))
    assert "NO DATA 31 s HTTP 502" in pane
    assert "NO TRAFFIC" in pane
    assert "TOO FEW" in pane


def test_a_plan_file_that_changed_is_noticed() -> None:
    """S29: editing the file changes nothing and is said."""
    story = deploying()
    story.tell(ev.PlanFileChanged(sha256="00" * 32))
    assert "this run keeps its own copy" in text(strip(look(story), 160, 4))


def test_phases_of_the_end_are_told_once() -> None:
    """A run that is over says what it came to, and no longer how fresh it is."""
    view = look(ended(), link=LinkView(freshness=Freshness.LOST, age_s=99.0))
    lines = text(strip(view, 160, 4))
    assert "RUN ENDED  SUCCEEDED  no major incident in 48 h" in lines
    assert "LOST" not in lines
    assert view.state.phase is Phase.SUCCEEDED


def test_optional_items_are_marked() -> None:
    """An item that does not keep traffic closed says so."""
    view = look(smoking())
    item = replace(view.state.smoke["search"], mandatory=False, state=SmokeState.TODO)
    view = replace(view, state=replace(view.state, smoke={**view.state.smoke, "search": item}))
    assert "(optional)" in text(checklist(view, 120, 8))
