"""`controlroom wait`: 0 as soon as it holds, 4 when the time is out, 3 when it never will, 2 for what is not there."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from tests.adapters.control_room import until
from tests.terminal.cli_runs import Cli, JournalledDesk, ended, engine, folder_of, past_run

from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Phase, Step, Verdict

if TYPE_CHECKING:
    from pathlib import Path

LIVE = (
    ev.PhaseChanged(phase=Phase.DEPLOYING),
    ev.GatePassed(gate="database"),
    ev.StepStarted(service="database", step=Step.DEPLOY, attempt=1, target="42"),
    ev.StepFinished(service="database", step=Step.DEPLOY, status=OutcomeStatus.PASSED, detail=""),
    ev.StepStarted(service="database", step=Step.VERIFY, attempt=1, target="42"),
    ev.StepFinished(service="database", step=Step.VERIFY, status=OutcomeStatus.PASSED, detail="", observed="42"),
)
BREACH = ev.GuardChanged(
    guard="error-rate", service="auth", verdict=Verdict.FAIL, breach_s=301.0, value=6.2, why="auth 6.2 % > 5 %"
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


async def attached(desk: JournalledDesk) -> None:
    """Some client follows the run, and has been told how it stands."""
    server = desk.server
    assert server is not None
    await until(lambda: len(server.sessions) == 1 and desk.snapshots == 1)


@pytest.mark.parametrize(
    "words",
    [
        "--phase deploying",
        "--service database=live",
        "--gate auth",
        "--guard error-rate=FAIL",
        "--guard error-rate/auth=fail",
    ],
)
async def test_what_holds_already_is_not_waited_for(cli: Cli, words: str) -> None:
    """From the engine, and from the journal when there is none."""
    async with engine(cli, *LIVE, BREACH):
        assert await cli("wait", *words.split(), "--timeout", "20s") == (0, "", "")
    assert await cli("wait", *words.split(), "--timeout", "20s") == (0, "", "")


@pytest.mark.parametrize(
    ("words", "events"),
    [
        ("--phase deploying", LIVE[:1]),
        ("--service database=verifying", LIVE),
        ("--gate auth", LIVE),
        ("--guard error-rate=FAIL", (BREACH,)),
    ],
)
async def test_waiting_is_driven_by_events(cli: Cli, words: str, events: tuple[ev.Event, ...]) -> None:
    """It ends with the event that makes it hold, also when that holds for an instant only."""
    async with engine(cli) as desk:
        waiting = await cli.start("wait", *words.split(), "--timeout", "30s")
        await attached(desk)
        for event in events:
            desk.happen(event)
        assert await ended(waiting) == (0, "", "")


async def test_a_service_can_be_waited_for_until_it_is_stable(cli: Cli) -> None:
    """S16: `stable` is the end of the watch after a rollback, and rolled_back alone is not."""
    async with engine(cli) as desk:
        waiting = await cli.start("wait", "--service", "auth=stable", "--timeout", "30s")
        await attached(desk)
        desk.happen(ev.StabilizeStarted(services=("auth",)))
        desk.happen(ev.StabilizeFinished(services=("auth",), verdict=Verdict.PASS, why=""))
        assert (await ended(waiting)).code == 0


async def test_time_runs_out(cli: Cli) -> None:
    """Exit code 4, saying how it stands."""
    async with engine(cli, *LIVE):
        result = await cli("wait", "--service", "auth=live", "--timeout", "200ms")
    assert result == (4, "", "controlroom: not service auth live within the time given: auth is waiting\n")
    assert (await cli("wait", "--phase", "smoke", "--timeout", "200ms")).code == 4


async def test_an_ended_run_is_not_waited_for(cli: Cli) -> None:
    """Exit code 3 when the run ends otherwise; 0 when its end is what was waited for."""
    async with engine(cli) as desk:
        never = await cli.start("wait", "--phase", "watching")
        await attached(desk)
        desk.end(Phase.ABORTED)
    result = await ended(never)
    assert (result.code, result.out) == (3, "")
    assert "20261201-030011-shop has ended, so never phase watching: the phase is aborted" in result.err
    assert (await cli("wait", "--phase", "aborted")).code == 0
    assert (await cli("wait", "--service", "auth=live")).code == 3


async def test_an_interrupted_run_may_be_taken_up(cli: Cli) -> None:
    """S24: without an engine it goes on waiting, and notices the next one."""
    folder = folder_of(cli)
    desk = JournalledDesk(folder)
    waiting = await cli.start("wait", "--gate", "auth", "--timeout", "30s")
    for event in LIVE:
        desk.happen(event)
    assert (await ended(waiting)).code == 0
    desk.leave()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--service billing=live", "the run has no service 'billing'; it has: database, auth"),
        ("--gate billing", "the run has no gate 'billing'; it has: database, auth, traffic"),
        ("--guard latency=FAIL", "the run has no guard 'latency'; it has: error-rate, error-rate/auth"),
        ("--guard error-rate/database=FAIL", "the run has no guard 'error-rate/database'"),
        ("--phase done", "'done' is no phase; there are: ready, deploying"),
        ("--service auth=up", "'up' is no state; there are: waiting, deploying"),
        ("--guard error-rate=BAD", "'BAD' is no verdict; there are: PASS, FAIL"),
        ("--service auth", "'auth' is not of the form NAME=VALUE"),
        ("--service =live", "'=live' is not of the form NAME=VALUE"),
        ("", "say one of --phase, --service, --gate, --guard"),
        ("--phase smoke --gate auth", "say one of --phase, --service, --gate, --guard"),
        ("--phase smoke --timeout 90", "'90' has no unit; write 90s, 90m or 90h"),
    ],
)
async def test_what_is_not_there_is_not_waited_for(cli: Cli, words: str, sentence: str) -> None:
    """Exit code 2 at once, with what there is."""
    past_run(cli)
    result = await cli("wait", *words.split())
    assert (result.code, result.out) == (2, "")
    assert sentence in result.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
async def test_a_signal_ends_it_with_its_own_code(cli: Cli, number: signal.Signals, code: int) -> None:
    """HUP and TERM, and the operator's ctrl+c, end the command without a traceback."""
    async with engine(cli) as desk:
        waiting = await cli.start("wait", "--phase", "smoke")
        await attached(desk)
        waiting.send_signal(number)
        result = await ended(waiting)
        assert (result.code, result.out, result.err.strip()) == (code, "", "")
