"""The report's languages: everything that is said in English is said in Spanish, with the same places to fill."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.unit.report.night import bad_night, good_night

import controlroom.report
from controlroom.report.document import document
from controlroom.report.markdown import markdown
from controlroom.report.voice import Voice, clock, number, share, span
from controlroom.report.words_en import ENGLISH
from controlroom.report.words_es import SPANISH
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Phase, ServiceState, SmokeState, Traffic

PACKAGE = Path(controlroom.report.__path__[0])
STATES = [state for kind in (Phase, ServiceState, SmokeState, OutcomeStatus) for state in kind]


def _said() -> set[str]:
    """Every phrase that a section says, as a literal."""
    found: set[str] = set()
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                found |= {str(part.value) for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)}
    return found


def test_every_phrase_has_its_spanish() -> None:
    """No English word slips into a Spanish report by being forgotten."""
    assert len(_said()) > 150
    assert _said() - SPANISH.keys() == set()


def test_every_machine_word_has_both_languages() -> None:
    """What a machine writes (`error_rate`, `RollBackAll`) is translated for people in either language."""
    assert ENGLISH.keys() - SPANISH.keys() == set()


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_word(state: Phase | ServiceState | SmokeState | OutcomeStatus) -> None:
    """A state reads as words, never as an identifier."""
    assert Voice("es", "2026-12-01T03:00:11Z", over=True).word(state) in SPANISH.values()
    assert "_" not in Voice("en", "2026-12-01T03:00:11Z", over=True).word(state)


def test_every_command_has_a_word() -> None:
    """An operator's command is told as an act."""
    names = {command.__name__ for command in cmd.Command.__args__}
    assert names - SPANISH.keys() == set()
    assert names - ENGLISH.keys() == set()


@pytest.mark.parametrize(("english", "spanish"), SPANISH.items())
def test_translations_fill_the_same_places(english: str, spanish: str) -> None:
    """A translation that lost a number would be a report that lost one."""
    assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", spanish))


def test_words_from_a_journal_are_not_formatted() -> None:
    """A name that looks like a place to fill in stays as it is, and breaks nothing."""
    assert Voice("es", "2026-12-01T03:00:11Z", over=True)("{0} {secret}") == "{0} {secret}"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0 s"),
        (0.027, "27 ms"),
        (0.4, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (301.0, "5 min 01 s"),
        (3599.7, "1 h"),
        (7500.0, "2 h 05 min"),
        (172_800.0, "48 h"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    """Durations are as exact as their size asks for, and carry over rightly."""
    assert span(seconds) == said


@pytest.mark.parametrize(
    ("value", "said"), [(5.0, "5 %"), (6.24, "6.2 %"), (0.4, "0.4 %"), (0.0, "0 %"), (312.4, "312 %"), (99.96, "100 %")]
)
def test_numbers(value: float, said: str) -> None:
    """Three figures or so."""
    assert number(value, "%") == said


def test_nearly_all_is_not_all() -> None:
    """99.97 % of the time with data never reads as all of it."""
    assert share(0.9997) == "99.9 %"
    assert share(1.0) == "100 %"


@pytest.mark.parametrize(("seconds", "said"), [(0.0, "00:00"), (301.0, "05:01"), (4340.0, "01:12:20")])
def test_timers(seconds: float, said: str) -> None:
    """Timers read as on the screen."""
    assert clock(seconds) == said


def test_the_day_is_named_when_it_is_another() -> None:
    """A time of the night the run began needs no date; one of the next day does."""
    say = Voice("en", "2026-12-01T03:00:11Z", over=True)
    assert say.time("2026-12-01T04:00:00Z") == "04:00:00"
    assert say.time("2026-12-02T04:00:00Z") == "2026-12-02 04:00:00"
    assert say.time("") == "–"


def test_traffic_reads_as_words() -> None:
    """The switch's positions have their words as well."""
    assert Voice("es", "2026-12-01T03:00:11Z", over=True).word(Traffic.OPEN) == "abierto"


def test_the_engines_sentences_are_spanish_too() -> None:
    """What the engine wrote into the journal reads as the rest of the report; numbers keep their points."""
    night = bad_night()
    night.tell(ev.TrafficStarted(to=Traffic.CLOSED, why="mandatory smoke test failed: Login"))
    night.tell(ev.TrafficFinished(state=Traffic.CLOSED, ok=True, detail="the edge says closed"))
    written = markdown(document(night.report()))
    for said in (
        "todo está revertido y estable",
        "sin incidencias durante 05:00",
        "revertido: orders",
        "smoke test obligatorio fallido: Login",
        "el enrutado dice que está cerrado",
        "aceptada",
    ):
        assert said in written
    for english in ("everything is", "rolled back", "quiet for", "the edge", "accepted", "mandatory smoke"):
        assert english not in written


def test_peoples_words_stay_as_they_are() -> None:
    """A note that happens to read like a sentence of the engine was not said by it."""
    night = good_night()
    item = night.outline.smoke[0].id
    night.tell(ev.SmokeMarked(item=item, state=SmokeState.PASS, note="quiet for 05:00"), "berta")
    night.tell(ev.HoldPlaced(reason="operator", by="berta", note="held"), "berta")
    written = markdown(document(night.report()))
    assert "quiet for 05:00" in written
    assert "`operator` held" in written


def test_an_english_report_has_the_engines_words() -> None:
    """In English the journal's sentence is the report's."""
    sentence = "everything is rolled back and stable: auth"
    assert Voice("en", "2026-12-01T03:00:11Z", over=True).engine(sentence) == sentence
