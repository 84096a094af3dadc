"""The command line as a program: help, light imports, plans, and what becomes of errors that nobody foresaw."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import pty
import sys
from keyword import iskeyword
from typing import TYPE_CHECKING

import click
import pytest
from tests.terminal.cli_runs import PATIENCE_S, Cli, ended, past_run

from controlroom import frontends
from controlroom.cli import ERROR_LOG, _obey
from controlroom.commands.root import SECTIONS, root

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "asyncio",
    "msgspec",
    "pydantic",
    "yaml",
    "httpx",
    "asyncpg",
    "textual",
    "rich",
    "prometheus_client",
    "sqlite3",
)
PLAN = """
plan: tiny
title: Tiny
environment: production
services:
  - id: auth
    name: Auth
    version: {to: v2, observe: {run: version auth}}
    deploy: [{run: deploy auth}]
    verify: [{run: check auth}]
    rollback: [{run: deploy auth}]
"""


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "state")


async def python(cli: Cli, code: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=cli.environ,
    )
    return await ended(process)


async def loaded(cli: Cli, *words: str) -> set[str]:
    """The heavy packages that a command has loaded when it ends."""
    code = (
        "import sys; from controlroom.cli import main\n"
        f"sys.argv[1:] = {list(words)!r}; main()\n"
        f"print(*(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)"
    )
    _, _, err = await python(cli, code)
    return set(err.splitlines()[-1].split())


async def test_help_loads_nothing_heavy(cli: Cli) -> None:
    """Help is there in an instant: click and the standard library are all it needs."""
    assert await loaded(cli, "--help") == set()


async def test_operators_commands_load_no_screen_and_no_plan(cli: Cli) -> None:
    """What is typed during an incident starts without pydantic, Textual, httpx or asyncpg."""
    past_run(cli)
    for words in (["hold"], ["status"], ["wait", "--phase", "ready"], ["rollback", "auth", "--confirm", "auth"]):
        assert await loaded(cli, *words) <= {"asyncio", "msgspec", "sqlite3"}, words


async def test_a_screen_on_a_terminal_opens_without_click(cli: Cli) -> None:
    """The way there from the words is short; what is no screen is still told with its exit code."""
    code = (
        "import sys; from controlroom.cli import main\n"
        "sys.argv[1:] = ['attach']; code = main()\n"
        "print('click' in sys.modules, file=sys.stderr); sys.exit(code)"
    )
    master, slave = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=slave, stderr=asyncio.subprocess.PIPE, env=cli.environ
        )
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        os.close(master)
        os.close(slave)
    assert process.returncode == 6
    assert err.decode() == f"controlroom: there is no run in {cli.home.path}\nFalse\n"


@pytest.mark.parametrize("words", ["attach", "attach 2026", "watch", "watch 2026"])
def test_the_short_way_to_a_screen_leads_where_click_leads(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same front end with the same arguments, left out or not."""
    asked = []
    for name in ("attach", "watch"):
        signature = inspect.signature(getattr(frontends, name))

        def note(signature: inspect.Signature = signature, name: str = name, **given: object) -> int:
            bound = signature.bind(**given)
            bound.apply_defaults()
            asked.append((name, bound.arguments))
            return 0

        monkeypatch.setattr(frontends, name, note)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert _obey(words.split()) == 0
    root.main(words.split(), standalone_mode=False)
    assert asked[0] == asked[1]


def test_the_help_says_what_the_commands_say() -> None:
    """The lines of the overview are the first lines of each command's own help, and every command exists."""
    context = click.Context(root)
    for section in SECTIONS.values():
        for name, (module, line) in section.items():
            command = root.get_command(context, name)
            attribute = f"{name}_" if iskeyword(name) else name
            assert command is getattr(importlib.import_module(f"controlroom.commands.{module}"), attribute)
            assert command is not None
            assert command.name == name
            assert (command.help or "").split("\n")[0] == line


def test_every_command_explains_its_options() -> None:
    """Each option of each command has a help text."""
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (name, option.name)


async def test_plans_are_validated_together(cli: Cli, tmp_path: Path) -> None:
    """Every problem of every plan, exit code 2; those that are valid are said to be."""
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(PLAN)
    bad.write_text(PLAN.replace("title: Tiny", "titel: Tiny"))
    assert await cli("validate", str(good)) == (0, f"{good}: valid\n", "")
    result = await cli("validate", str(bad), str(good), str(tmp_path / "absent.yaml"))
    assert (result.code, result.out) == (2, f"{good}: valid\n")
    assert f"{bad}:" in result.err
    assert "titel" in result.err
    assert "absent.yaml" in result.err


async def test_a_plan_is_previewed(cli: Cli, tmp_path: Path) -> None:
    """In order, exit code 0; nothing is run and no state folder touched."""
    (tmp_path / "plan.yaml").write_text(PLAN)
    result = await cli("preview", str(tmp_path / "plan.yaml"), CONTROLROOM_HOME=str(tmp_path / "none"))
    assert (result.code, result.err) == (0, "")
    assert "deploy auth" in result.out
    assert not (tmp_path / "none").exists()


async def test_the_schema_is_json(cli: Cli) -> None:
    """Draft-07, as editors want it."""
    result = await cli("schema")
    assert result.code == 0
    assert json.loads(result.out)["$schema"] == "http://json-schema.org/draft-07/schema#"


async def test_an_unforeseen_error_is_a_line_and_a_log(cli: Cli) -> None:
    """No traceback on the terminal, all of it in a private file that the line names; exit code 1."""
    code = (
        "import sys; from controlroom import cli, frontends\n"
        "def boom(**_): raise ZeroDivisionError('boom')\n"
        "frontends.attach = boom; sys.argv[1:] = ['attach']; sys.exit(cli.main())"
    )
    result = await python(cli, code)
    log = cli.home.path / ERROR_LOG
    assert result == (1, "", f"controlroom: unexpected ZeroDivisionError; please report it with {log}\n")
    assert "ZeroDivisionError: boom" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_an_unforeseen_error_without_a_log_is_shown(cli: Cli) -> None:
    """Where no log can be written the traceback is better than nothing."""
    cli.environ["CONTROLROOM_HOME"] = "/proc/nowhere"
    code = (
        "import sys; from controlroom import cli, frontends\n"
        "def boom(**_): raise ZeroDivisionError('boom')\n"
        "frontends.attach = boom; sys.argv[1:] = ['attach']; sys.exit(cli.main())"
    )
    code_, _, err = await python(cli, code)
    assert code_ == 1
    assert "ZeroDivisionError: boom" in err


async def test_the_version_is_told(cli: Cli) -> None:
    """`--version` names program and version."""
    result = await cli("--version")
    assert result.code == 0
    assert result.out.startswith("controlroom, version ")
