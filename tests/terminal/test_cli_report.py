"""`controlroom report`: of a run that is over, of one under way, to a file, and of what is no run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.scripted_desk import AT
from tests.terminal.cli_runs import Cli, engine, folder_of, past_run

from controlroom.adapters.samples.store import SampleStore
from controlroom.run import events as ev
from controlroom.run.phases import Phase
from controlroom.run.rollup import KeptSpan, RollUp
from controlroom.run.times import parse

if TYPE_CHECKING:
    from pathlib import Path

OVER = (
    ev.VerdictReached(phase=Phase.SUCCEEDED, why="no major incident in 48 h"),
    ev.PhaseChanged(phase=Phase.SUCCEEDED),
)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


async def test_report_of_a_run_that_is_over(cli: Cli) -> None:
    """Markdown on standard output, in the plan's language, with nothing on standard error."""
    past_run(cli, *OVER)
    result = await cli("report")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("# Close-out report: Shop go-live\n\n**SUCCEEDED** · production · ")
    assert "- [ ] **Registro de Usuario** · to do" in result.out


async def test_report_while_the_engine_lives(cli: Cli) -> None:
    """Of a run under way it is an interim report, read from the journal beside the engine that writes it."""
    async with engine(cli):
        result = await cli("report")
    assert result.code == 0
    assert result.out.startswith("# Interim report: Shop go-live")


async def test_report_into_a_file(cli: Cli, tmp_path: Path) -> None:
    """-o writes and says so; a name in .html asks for HTML; writing again replaces."""
    past_run(cli, *OVER)
    for name, beginning in (("r.md", "# Close-out"), ("r.html", "<!doctype html>"), ("r.html", "<!doctype html>")):
        result = await cli("report", "-o", str(tmp_path / name))
        assert (result.code, result.out) == (0, "")
        assert result.err == f"{tmp_path / name}: Close-out report, SUCCEEDED\n"
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(beginning)


async def test_report_as_html(cli: Cli) -> None:
    """--html prints the one file."""
    past_run(cli, *OVER)
    result = await cli("report", "--html")
    assert result.out.startswith("<!doctype html>")
    assert result.out.endswith("</html>\n")


WATCHED = (
    ev.PhaseChanged(phase=Phase.WATCHING),
    ev.WatchStarted(),
    ev.WatchCheckpoint(elapsed_s=0.0, coverage={"error_rate": 1.0}),
)


async def test_report_takes_the_kept_samples_in(cli: Cli) -> None:
    """S22: of a run whose engine kept samples the report has the watch in figures; a broken file is no obstacle."""
    folder = past_run(cli, *WATCHED)
    store = SampleStore(folder.samples)
    at = parse(AT).timestamp()
    one = RollUp(at=at, low=0.5, mean=1.0, high=4.5, count=2)
    store.write([KeptSpan(number=0, at=at, rollups={"auth/error_rate": one})])
    store.close()
    result = await cli("report")
    assert (result.code, result.err) == (0, "")
    assert "| Error rate | API de Auth | 0.5 % | 1 % | 4.5 % | 5 % | – |" in result.out
    folder.samples.write_bytes(b"rubbish")
    result = await cli("report")
    assert (result.code, result.err) == (0, "")
    assert "No samples of the watch are at hand." in result.out
    folder.samples.unlink()
    folder.samples.mkdir()
    result = await cli("report")
    assert result.code == 0
    assert result.err == "controlroom: the report is without samples: samples cannot be read: is a directory\n"


async def test_report_where_there_is_none(cli: Cli, tmp_path: Path) -> None:
    """No run, a run that never began: exit 6; a file that cannot be written: exit 2, with the reason."""
    assert (await cli("report")).code == 6
    folder_of(cli).journal.touch()
    result = await cli("report")
    assert (result.code, result.err) == (6, "controlroom: 20261201-030011-shop never began\n")
    past_run(cli, *OVER, second=12)
    result = await cli("report", "-o", str(tmp_path / "nowhere" / "r.md"))
    assert (result.code, result.err) == (
        2,
        f"controlroom: {tmp_path}/nowhere/r.md cannot be written: No such file or directory\n",
    )
