"""The hash chain: it holds for what was written and breaks at the first record that was touched (S28)."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest
from msgspec import field
from msgspec.structs import replace
from tests.unit.run_states import Told

from controlroom.run import events as ev
from controlroom.run.chain import GENESIS, digest, first_flaw
from controlroom.run.fact import Fact, PreflightResult
from controlroom.run.phases import Step


@pytest.fixture
def records() -> list[ev.Record]:
    """A short run."""
    told = Told()
    told.live("db")
    told.step("auth", Step.DEPLOY)
    told.tell(ev.NoteAdded(text="ñandú — übrigens"), actor="ana")
    return told.records


def test_an_untouched_chain_holds(records: list[ev.Record]) -> None:
    """S28: from the first record on, also after a way through the codec; nothing at all holds too."""
    assert first_flaw(records) is None
    assert first_flaw([]) is None
    assert records[0].prev == GENESIS
    copied = msgspec.json.decode(msgspec.json.encode(records), type=list[ev.Record])
    assert first_flaw(copied) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": "2026-12-01T03:00:00.000001Z"},
        {"run": "r2"},
        {"actor": "ben"},
        {"host": "there"},
        {"cause": "another"},
        {"event": ev.NoteAdded(text="never said")},
    ],
)
def test_an_altered_field_is_found(records: list[ev.Record], change: dict[str, object]) -> None:
    """S28: every field of a record is under its hash."""
    for place in range(len(records)):
        altered = [*records]
        altered[place] = replace(records[place], **change)
        if altered[place] == records[place]:
            continue
        assert first_flaw(altered) == f"event {place + 1} was altered after it was written"


def test_a_record_that_was_sealed_anew_breaks_the_next(records: list[ev.Record]) -> None:
    """S28: who recomputes one hash has to recompute all that follow."""
    one = replace(records[2], actor="ben")
    mark = digest(one.seq, one.at, one.run, one.actor, one.host, one.cause, one.event, one.prev)
    altered = [*records[:2], replace(one, hash=mark), *records[3:]]
    assert first_flaw(altered) == "event 4 does not follow the one before it"


def test_a_journal_of_an_older_version_is_whole(records: list[ev.Record]) -> None:
    """A field that came later, at its default, changes no hash; one that holds something else is under it.

    The class here stands for the newer version of an event that the journal holds in its older form.
    """

    class NoteAdded(Fact, frozen=True, kw_only=True):
        text: str
        later: str = ""
        parts: tuple[PreflightResult, ...] = ()
        known: dict[str, str] = field(default_factory=dict)

    last = records[-1]
    seal_with = partial(digest, last.seq, last.at, last.run, last.actor, last.host, last.cause, prev=last.prev)
    text = last.event.text if isinstance(last.event, ev.NoteAdded) else ""
    assert seal_with(event=NoteAdded(text=text)) == last.hash  # type: ignore[arg-type]
    for more in ({"later": "x"}, {"parts": (PreflightResult(subject="a", ok=True, detail=""),)}, {"known": {"a": "b"}}):
        assert seal_with(event=NoteAdded(text=text, **more)) != last.hash  # type: ignore[arg-type]


def test_missing_and_doubled_records_are_found(records: list[ev.Record]) -> None:
    """S28: a hole, a missing head, a repetition and a swap; a missing tail cannot be seen."""
    assert first_flaw([*records[:3], *records[4:]]) == "event 4 is missing: the next one is 5"
    assert first_flaw(records[1:]) == "event 1 is missing: the next one is 2"
    assert first_flaw([*records[:3], records[2], *records[3:]]) == "event 4 is missing: the next one is 3"
    assert first_flaw([records[1], records[0]]) == "event 1 is missing: the next one is 2"
    assert first_flaw(records[:-1]) is None
