"""A planned change of the operator (S25): offered with a note, accepted by whom it names, and by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controlroom.commands.status_text import status_text
from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.markdown import markdown
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.status import status_of

if TYPE_CHECKING:
    from tests.engine.conftest import Launch
    from tests.engine.fake_engine import FakeEngine

NOTE = "auth was slow at 02:00, look at it"


@pytest.fixture
async def driven(engine: FakeEngine) -> FakeEngine:
    """Ana drives."""
    await engine.agreed(cmd.TakeLease())
    return engine


def drives(engine: FakeEngine) -> str:
    assert engine.state.lease is not None
    return engine.state.lease.operator


async def test_who_offers_drives_until_it_is_accepted(driven: FakeEngine) -> None:
    """The offer changes nothing by itself; once accepted the other drives, and the note is in the journal."""
    said = await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    assert said == "offered to ben; you drive until it is accepted (controlroom lease accept)"
    assert drives(driven) == "ana"
    await driven.advance("database")
    answer = await driven.give(cmd.AcceptLease(), operator="ben")
    assert (answer.ok, answer.message) == (True, f"ben drives now; ana says: {NOTE}")
    assert drives(driven) == "ben"
    assert driven.state.handover is None
    (_, taken) = driven.happened(ev.LeaseTaken)
    assert isinstance(taken, ev.LeaseTaken)
    assert (taken.previous, taken.reason, taken.handed_over) == ("ana", NOTE, True)
    assert "ben drives this run" in await driven.refused(cmd.Advance(to="auth"))


async def test_only_whom_it_names_accepts(driven: FakeEngine) -> None:
    """A third one is told whom it is for; the giver cannot accept it either; taking over still needs a reason."""
    await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    assert await driven.refused(cmd.AcceptLease(), operator="eve") == "ana drives this run, and hands it over to ben"
    assert "offered to ben" in await driven.refused(cmd.AcceptLease())
    assert "needs a reason" in await driven.refused(cmd.TakeLease(), operator="eve")
    assert drives(driven) == "ana"


async def test_a_label_on_a_shared_account_is_enough(driven: FakeEngine) -> None:
    """`berta (root)` is meant by `berta`, as by the whole; and taking the lease counts as accepting."""
    await driven.agreed(cmd.HandOver(to="berta", reason=NOTE))
    assert (await driven.give(cmd.TakeLease(), operator="berta (root)")).ok
    assert drives(driven) == "berta (root)"
    assert driven.happened(ev.LeaseTaken)[-1] == ev.LeaseTaken(
        operator="berta (root)", host="here", uid=1000, previous="ana", reason=NOTE, handed_over=True
    )


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (cmd.HandOver(to="ben"), "needs a note"),
        (cmd.HandOver(to="ben", reason="  "), "needs a note"),
        (cmd.HandOver(to="", reason=NOTE), "to whom?"),
        (cmd.HandOver(to="ana", reason=NOTE), "you drive already"),
        (cmd.AcceptLease(), "no hand-over is offered"),
    ],
)
async def test_what_makes_no_hand_over(driven: FakeEngine, command: cmd.Command, why: str) -> None:
    """A name and a note it needs, and somebody else."""
    assert why in await driven.refused(command)
    assert driven.state.handover is None


async def test_only_the_driver_offers(driven: FakeEngine) -> None:
    """Nobody hands over what somebody else holds."""
    assert "ana drives this run" in await driven.refused(cmd.HandOver(to="eve", reason=NOTE), operator="ben")


async def test_it_is_withdrawn_or_declined(driven: FakeEngine) -> None:
    """Either side ends it; a third one does not; and what is off cannot be accepted."""
    await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    assert not (await driven.give(cmd.KeepLease(), operator="eve")).ok
    assert await driven.agreed(cmd.KeepLease()) == "the hand-over is off: ana drives on"
    assert "ana drives this run" in await driven.refused(cmd.AcceptLease(), operator="ben")
    await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    assert (await driven.give(cmd.KeepLease(reason="I am on the train"), operator="ben")).ok
    ends = [event.why for event in driven.happened(ev.HandOverEnded) if isinstance(event, ev.HandOverEnded)]
    assert ends == ["withdrawn", "I am on the train"]


async def test_a_newer_offer_takes_the_place_of_the_older(driven: FakeEngine) -> None:
    """Ben did not come: Eve does."""
    await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    await driven.agreed(cmd.HandOver(to="eve", reason="ben is ill"))
    assert not (await driven.give(cmd.AcceptLease(), operator="ben")).ok
    assert (await driven.give(cmd.AcceptLease(), operator="eve")).ok


async def test_the_offer_outlives_the_engine(driven: FakeEngine, launch: Launch) -> None:
    """S24: recovered, it is still there to be accepted."""
    await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    again = await launch(after=driven)
    assert (await again.give(cmd.AcceptLease(), operator="ben")).ok
    assert drives(again) == "ben"


async def test_it_is_in_status_and_report(driven: FakeEngine) -> None:
    """Whoever looks sees that it is offered; afterwards the report tells who handed over to whom, with the note."""
    await driven.agreed(cmd.HandOver(to="ben", reason=NOTE))
    status = status_of(driven.state, {}, now=0.0, alive=True)
    assert f"HAND-OVER  ana to ben: {NOTE} (controlroom lease accept, as ben)" in status_text(status)
    await driven.give(cmd.AcceptLease(), operator="ben")
    told = markdown(document(close_out(driven.journal.records, version="1")))
    assert f"handed over: {NOTE}" in told
    assert "accept the hand-over" in told
