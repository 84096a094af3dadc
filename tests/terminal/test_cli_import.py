"""`controlroom import`: to standard output, to a file that is not there yet, and of what is no document."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.terminal.cli_runs import Cli

DOCUMENT = Path(__file__).parents[1] / "unit" / "importing" / "documents" / "s5-hardening.md"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


async def test_import_to_standard_output(cli: Cli) -> None:
    """The plan alone on standard output; on standard error what was not used, what to mind, and how many gaps."""
    result = await cli("import", str(DOCUMENT))
    assert result.code == 0
    assert result.out.startswith("# yaml-language-server: ")
    lines = result.err.splitlines()
    assert lines[0].startswith(f"{DOCUMENT}:3: not used: Este documento describe")
    assert f"{DOCUMENT}:43: mind: datadog is named as well: every metric is asked from grafana" in lines
    gaps = result.out.count('"TODO: ')
    assert lines[-1] == f"the plan: values still to be filled in: {gaps}; controlroom validate names each"


async def test_import_into_a_file_that_validate_reads(cli: Cli, tmp_path: Path) -> None:
    """-o writes the plan; validate then names each gap by its line; a file that is there is never overwritten."""
    plan = tmp_path / "plan.yaml"
    result = await cli("import", str(DOCUMENT), "-o", str(plan))
    assert (result.code, result.out) == (0, "")
    lines = plan.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines, 1) if '"TODO: ' in line)
    checked = await cli("validate", str(plan))
    assert checked.code == 2
    assert f"{plan}:{first}:" in checked.err
    assert "still to be filled in: where API de Auth answers" in checked.err
    again = await cli("import", str(DOCUMENT), "-o", str(plan))
    assert (again.code, again.err) == (2, f"controlroom: {plan} is there already: name another file\n")


async def test_import_of_what_is_no_document(cli: Cli, tmp_path: Path) -> None:
    """A missing file, bytes, and prose without steps: exit 2, with what was expected."""
    missing = await cli("import", str(tmp_path / "no.md"))
    assert (missing.code, missing.err.partition("cannot be ")[2]) == (2, "read: No such file or directory\n")
    noise, prose = tmp_path / "noise.md", tmp_path / "prose.md"
    noise.write_bytes(b"\xff\xfe\x00")
    prose.write_text("# Notes\n\nBuy milk.\n", encoding="utf-8")
    assert (await cli("import", str(noise))).err == f"controlroom: {noise} is not UTF-8; save it as that\n"
    result = await cli("import", str(prose))
    assert result.code == 2
    assert result.err.startswith("prose.md: no deployment steps found: ")
