"""`preview --check`: the whole preflight of a production run, and nothing of the run."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import SMALL, written
from tests.terminal.cli_runs import Cli, past_run

from controlroom.run import events as ev

if TYPE_CHECKING:
    from tests.terminal.cli_runs import Result

S5 = Path(__file__).parents[2] / "plans" / "s5-hardening.yaml"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    made = Cli(tmp_path / "state")
    made.environ = {name: value for name, value in made.environ.items() if not name.endswith(("_TOKEN", "_KEY"))}
    return made


def rows(result: Result) -> dict[str, str]:
    """Subject → verdict, detail and fix on one line, as the eye puts the table together."""
    found: dict[str, str] = {}
    subject = ""
    for line in result.out.splitlines()[:-1]:
        if not line.startswith("      "):
            subject = line[6:].partition("  ")[0]
            found[subject] = line[:4].strip() + " " + line[6 + len(subject) :].strip()
        else:
            found[subject] += f" {line.strip()}"
    return found


async def test_the_shipped_plan_without_its_secrets(cli: Cli) -> None:
    """One line a secret, by the id of what needs it, and all the rest beside; exit 2; nothing is left behind."""
    before = sorted(cli.home.path.rglob("*"))
    result = await cli("preview", "--check", str(S5))
    assert result.code == 2
    told = rows(result)
    assert told["$PRODUCTION_DATABASE_URL"] == (
        "FAIL is not set, for services.database → export it in the shell that starts the run"
    )
    assert told["$SMOKE_PASSWORD"].startswith("FAIL is not set, for smoke.login, smoke.order, smoke.order-status →")
    assert told["environment production"] == "ok is free"
    assert told["window"].startswith("FAIL still to be defined")
    assert told["database: db-migrate"].startswith("FAIL is not found on PATH →")
    assert told["auth"].startswith("FAIL the live version cannot be read: the name auth.internal.example.com")
    assert result.out.count("GRAFANA_TOKEN") == 1, "what follows from a missing secret is not told again"
    assert re.fullmatch(r"\d+ of \d+ checks failed, 4 warnings", result.out.splitlines()[-1])
    assert max(map(len, result.out.splitlines())) <= 80
    assert sorted(cli.home.path.rglob("*")) == before


async def test_for_scripts(cli: Cli, tmp_path: Path) -> None:
    """The same as one JSON object, with the exit code that a run would end with."""
    plan = written(tmp_path / "plan.yaml", SMALL, ("https://auth.example.com", "http://auth.invalid"))
    shutil.copy(shutil.which("true") or "/bin/true", tmp_path / "deploy")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    result = await cli("preview", "--check", "--json", str(plan), E2E_TOKEN="x", PATH=path)
    found = json.loads(result.out)
    assert result.code == found["exit_code"] == 5
    assert (found["plan"], found["environment"], found["ok"]) == ("small", "production", False)
    checks = {check["subject"]: check for check in found["checks"]}
    assert checks["auth: deploy"]["ok"]
    assert checks["$E2E_TOKEN"]["detail"] == "is there, for services.auth"
    assert checks["auth"]["fix"]
    assert all(check["fix"] for check in found["checks"] if not check["ok"])


async def test_an_environment_that_is_taken(cli: Cli, tmp_path: Path) -> None:
    """A run that was interrupted there is in the way, and named with what to do about it."""
    past_run(cli, ev.LeaseTaken(operator="ana", host="bastion-1", uid=1000))
    result = await cli("preview", "--check", str(written(tmp_path / "plan.yaml", SMALL)))
    told = rows(result)["environment production"]
    assert told.startswith("FAIL 20261201-030011-shop was interrupted there and is not over")
    assert "controlroom recover 20261201-030011-shop" in told


@pytest.mark.parametrize("words", [("--json",), ("--accept-breach", "x"), ("--override-window", "x")])
async def test_words_that_belong_to_the_check(cli: Cli, words: tuple[str, ...]) -> None:
    """Without --check they would do nothing: exit 2."""
    result = await cli("preview", str(S5), *words)
    assert result.code == 2
    assert "go with --check" in result.err
