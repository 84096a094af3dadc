"""The operator's commands: each reaches the engine as what it means, and ends with the exit code of the contract."""

from __future__ import annotations

import asyncio
import os
import pwd
from typing import TYPE_CHECKING

import pytest
from tests.terminal.cli_runs import Cli, engine, past_run

from controlroom.commands.root import root
from controlroom.control.process import introduce
from controlroom.run import commands as cmd
from controlroom.run import events as ev
from controlroom.run.phases import Phase, SmokeState

if TYPE_CHECKING:
    from pathlib import Path

WORDS: list[tuple[str, cmd.Command]] = [
    ("hold", cmd.Hold()),
    ("hold --reason slow", cmd.Hold(reason="slow")),
    ("advance --to auth", cmd.Advance(to="auth")),
    ("advance --to traffic", cmd.Advance(to="traffic")),
    ("retry auth", cmd.Retry(service="auth")),
    ("verify auth", cmd.VerifyAgain(service="auth")),
    ("done auth --reason seen", cmd.MarkDone(service="auth", reason="seen")),
    ("fail auth --reason looks-wrong", cmd.MarkFailed(service="auth", reason="looks-wrong")),
    ("skip auth --reason later", cmd.Skip(service="auth", reason="later")),
    ("rollback auth --confirm auth", cmd.RollBack(service="auth", confirm="auth")),
    ("rollback auth --confirm auth --single", cmd.RollBack(service="auth", confirm="auth", cascade=False)),
    ("rollback --all --confirm production", cmd.RollBackAll(confirm="production")),
    (
        "rollback --all --confirm production --with-database",
        cmd.RollBackAll(confirm="production", with_database=True),
    ),
    ("abort --confirm production", cmd.Abort(confirm="production")),
    ("close", cmd.Close()),
    ("smoke run", cmd.RunSmoke()),
    ("smoke run --all", cmd.RunSmoke()),
    ("smoke run signup", cmd.RunSmoke(items=("signup",))),
    ("smoke pass signup", cmd.MarkSmoke(item="signup", state=SmokeState.PASS)),
    ("smoke fail --all", cmd.MarkSmoke(item="signup", state=SmokeState.FAIL)),
    ("smoke block signup --reason dns", cmd.MarkSmoke(item="signup", state=SmokeState.BLOCKED, reason="dns")),
    ("smoke na signup", cmd.MarkSmoke(item="signup", state=SmokeState.NOT_APPLICABLE)),
    ("smoke undo signup", cmd.UndoSmoke(item="signup")),
    ("traffic open", cmd.OpenTraffic()),
    ("traffic close", cmd.CloseTraffic()),
    ("ack guard:error-rate/auth", cmd.Acknowledge(alarm="guard:error-rate/auth")),
    ("note hello", cmd.Note(reason="hello")),
    ("lease take --reason shift", cmd.TakeLease(reason="shift")),
    ("lease give berta --reason night", cmd.HandOver(to="berta", reason="night")),
    ("lease accept", cmd.AcceptLease()),
    ("lease keep", cmd.KeepLease()),
]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


async def test_every_command_reaches_the_engine_as_what_it_means(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the contract's commands gives what it should; in this process, since two dozen starts take long."""
    monkeypatch.setenv("CONTROLROOM_HOME", str(cli.home.path))
    async with engine(cli) as desk:
        for words, command in WORDS:
            await asyncio.to_thread(root.main, words.split(), standalone_mode=False)
            assert desk.orders.pop().command == command, words
    assert desk.orders == []


async def test_an_accepted_command_prints_the_answer(cli: Cli) -> None:
    """Exit code 0, the engine's sentence on stdout, nothing on stderr."""
    async with engine(cli):
        assert await cli("advance", "--to", "database") == (0, "Advance accepted\n", "")


async def test_a_command_names_run_operator_and_origin(cli: Cli) -> None:
    """--run takes a prefix, --as stands in front of the account, and the kernel's uid goes along."""
    async with engine(cli, second=1) as first, engine(cli, second=2) as second:
        result = await cli("hold", "--run", "20261201-030002", "--as", "ana")
        assert result.code == 0
        assert first.orders == []
        (order,) = second.orders
    account = pwd.getpwuid(os.geteuid()).pw_name
    assert (order.operator, order.uid, order.client) == (f"ana ({account})", os.geteuid(), "ctl")


async def test_what_the_engine_refuses_ends_in_five(cli: Cli) -> None:
    """The engine's sentence on stderr, nothing on stdout."""
    async with engine(cli):
        assert await cli("resume") == (5, "", "controlroom: nothing holds the run\n")


async def test_several_marks_are_given_one_by_one(cli: Cli) -> None:
    """Each ITEM is a command of its own, in order."""
    async with engine(cli) as desk:
        result = await cli("smoke", "pass", "signup", "login")
        assert result == (0, "MarkSmoke accepted\n" * 2, "")
        assert [order.command.item for order in desk.orders] == ["signup", "login"]  # type: ignore[union-attr]
        assert len({order.id for order in desk.orders}) == 2


async def test_several_active_runs_have_to_be_told_apart(cli: Cli) -> None:
    """Exit code 5 with the list, and nothing given to either."""
    async with engine(cli, second=1) as first, engine(cli, second=2) as second:
        result = await cli("hold")
        assert result.code == 5
        assert result.err.count("\n  20261201-03000") == 2
        assert (first.orders, second.orders) == ([], [])


async def test_a_run_that_nothing_drives_says_what_to_do(cli: Cli) -> None:
    """S24: an interrupted run is exit code 4 and the command that takes it up."""
    folder = past_run(cli)
    assert await cli("hold") == (4, "", f"controlroom: nothing drives {folder.run}: controlroom recover {folder.run}\n")


async def test_a_run_that_is_over_takes_no_commands(cli: Cli) -> None:
    """Exit code 5, saying how it ended."""
    folder = past_run(cli, ev.PhaseChanged(phase=Phase.ROLLED_BACK))
    assert await cli("hold") == (5, "", f"controlroom: {folder.run} is over: rolled_back\n")


async def test_a_run_whose_engine_is_just_leaving_is_over_too(cli: Cli) -> None:
    """Its last event is on disk and its socket is gone, while the process still ends."""
    folder = past_run(cli, ev.PhaseChanged(phase=Phase.ROLLED_BACK))
    introduce(folder.engine, run=folder.run, started="2026-12-01T03:00:11Z")
    assert await cli("hold", "--run", folder.run) == (5, "", f"controlroom: {folder.run} is over: rolled_back\n")


async def test_a_run_that_is_over_says_how_traffic_is_opened_again(cli: Cli) -> None:
    """S21: no engine is left that could do it; whoever asks for it is told where it is written."""
    folder = past_run(cli, ev.PhaseChanged(phase=Phase.ROLLED_BACK))
    code, out, err = await cli("traffic", "open")
    assert (code, out) == (5, "")
    assert "its traffic is closed; to open it, do at the edge what traffic.open says" in err
    assert f"controlroom preview {folder.plan}" in err


async def test_no_run_is_six(cli: Cli) -> None:
    """Without any run, and by a name that no run has."""
    for words in (["hold"], ["wait", "--phase", "smoke"], ["attach"]):
        result = await cli(*words)
        assert (result.code, result.out) == (6, ""), words
        assert "there is no run in" in result.err
    past_run(cli)
    assert (await cli("status", "1999")).code == 6
    assert (await cli("hold", "--run", "nope")).code == 6


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("frobnicate", "No such command 'frobnicate'"),
        ("advance", "Missing option '--to'"),
        ("retry", "Missing argument 'SERVICE'"),
        ("rollback auth", "Missing option '--confirm'"),
        ("rollback --confirm x", "name one SERVICE, or say --all"),
        ("rollback auth --all --confirm x", "name one SERVICE, or say --all"),
        ("rollback --all --single --confirm x", "--single goes with a SERVICE"),
        ("rollback auth --with-database --confirm auth", "--with-database goes with --all"),
        ("smoke pass", "name ITEMs, or say --all"),
        ("smoke run signup --all", "name ITEMs, or say --all"),
        ("smoke --run x pass signup", "--run goes behind"),
        ("fault", "name a FAULT, or say --list"),
        ("rehearse --speed 0", "0.0 is not in the range"),
        ("validate", "Missing argument 'PLAN...'"),
    ],
)
async def test_words_that_make_no_sense_are_two(cli: Cli, words: str, sentence: str) -> None:
    """A usage error with a sentence, before any engine is asked."""
    async with engine(cli) as desk:
        result = await cli(*words.split())
        assert (result.code, result.out) == (2, "")
        assert sentence in result.err
        assert desk.orders == []


async def test_smoke_alone_lists_the_items(cli: Cli) -> None:
    """Without a word it shows, and changes nothing."""
    async with engine(cli) as desk:
        result = await cli("smoke")
        assert result.code == 0
        assert result.out == "  todo  signup  Registro de Usuario\n\ntraffic closed\n"
        assert desk.orders == []
