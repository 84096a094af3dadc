"""Checklist items that are a test runner, judged by exit code and JUnit file together; the runner here is pytest."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.adapters.smoke_bench import PASSWORD, run, smoke_kit

from controlroom.run.phases import SmokeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.adapters.conftest import MakeScene

    from controlroom.ports import Kit

SUITE = """
import os, pytest
def test_lists(): pass
def test_pays(): assert os.environ["PASSWORD"] == "right", "no payment with " + os.environ["PASSWORD"]
@pytest.mark.skip
def test_gifts(): pass
"""
PASSES = "<testsuite><testcase name='a'/><testcase name='b'/></testsuite>"
FAILS = "<testsuite><testcase name='a'/><testcase name='b'><failure message='502'/></testcase></testsuite>"


@pytest.fixture
async def kit() -> AsyncIterator[Kit]:
    """A kit for a plan that is of no matter here."""
    async with smoke_kit() as made:
        yield made


def writes(text: str, exit_code: int = 0) -> str:
    """A runner that writes that into the file it is told of."""
    return f"""printf '%s' "{text}" >"$CONTROLROOM_JUNIT"; echo done; exit {exit_code}"""


async def test_pytest_as_it_runs(kit: Kit, scene: MakeScene, tmp_path: Path) -> None:
    """Each failure is evidence with its words, the counts are shown, and no secret gets through."""
    (tmp_path / "test_shop.py").write_text(SUITE, encoding="utf-8")
    command = f'{sys.executable} -m pytest -q -p no:cacheprovider {tmp_path} --junitxml="$CONTROLROOM_JUNIT"'
    env = {"PASSWORD": "${env:PASSWORD}"}
    result = await run(kit, scene, run=command, env=env, junit="shop.xml")
    assert result.state is SmokeState.FAIL
    assert result.note.startswith("1 of 3 tests failed: test_shop.test_pays: AssertionError: no payment with ***")
    command_line, file, failure = result.evidence
    assert command_line.detail.startswith("exit code 1: 1 failed, 1 passed, 1 skipped")
    assert (file.ok, file.detail) == (False, "3 tests, 1 failed, 1 skipped")
    assert failure.title == "test_shop.test_pays"
    assert PASSWORD not in repr(result)
    result = await run(kit, scene, run=f"{command} -k lists", env=env, junit="shop.xml")
    assert (result.state, result.note) == (SmokeState.PASS, "1 test")


@pytest.mark.parametrize(
    ("command", "note"),
    [
        (writes(FAILS), "1 of 2 tests failed: b: 502"),
        (writes(FAILS, 3), "1 of 2 tests failed: b: 502"),
        (writes(PASSES, 3), "exit code 3: done, though 2 tests and none failed"),
        (writes("<testsuite/>"), "there is no test in the JUnit file"),
        ("echo done", "the command wrote no JUnit file to "),
        ("echo done; exit 3", "exit code 3: done; the command wrote no JUnit file to "),
        (writes(""), "is empty"),
        (writes("<testsuite>"), "is no JUnit file: no element found"),
    ],
)
async def test_both_must_be_content(kit: Kit, scene: MakeScene, command: str, note: str) -> None:
    """Neither the exit code nor the file passes an item by itself; what is wrong with which is said."""
    result = await run(kit, scene, run=command, junit="results.xml")
    assert result.state is SmokeState.FAIL
    assert note in result.note


async def test_a_file_from_yesterday(kit: Kit, scene: MakeScene, tmp_path: Path) -> None:
    """A fixed path may hold what another night left there: it says nothing about this one."""
    path = tmp_path / "results.xml"
    path.write_text(PASSES, encoding="utf-8")
    result = await run(kit, scene, run="true", junit=str(path))
    assert result.state is SmokeState.FAIL
    assert "is from before: this command did not write it" in result.note
    result = await run(kit, scene, run=f"cp {path} {path}.new; mv {path}.new {path}", junit=str(path))
    assert (result.state, result.note) == (SmokeState.PASS, "2 tests")


async def test_each_attempt_has_a_file_of_its_own(kit: Kit, scene: MakeScene, tmp_path: Path) -> None:
    """What the first attempt wrote does not pass for the second; a runner's own retry is flaky too."""
    once = tmp_path / "once"
    first = f'if test -e {once}; then exit 0; fi; touch {once}; printf "%s" "{FAILS}" >"$CONTROLROOM_JUNIT"'
    result = await run(kit, scene, run=first, junit="results.xml", retries="1")
    assert result.state is SmokeState.FAIL
    assert result.note.startswith("the command wrote no JUnit file to ")
    assert result.attempts == 2
    again = "<testsuite><testcase name='a'><flakyFailure message='502'/></testcase></testsuite>"
    result = await run(kit, scene, run=writes(again), junit="results.xml")
    assert (result.state, result.note, result.attempts) == (SmokeState.FLAKY, "1 test, 1 passed on a retry", 1)


async def test_a_path_of_its_own(kit: Kit, scene: MakeScene, tmp_path: Path) -> None:
    """The path may hold what no other attempt has, and the command line the same."""
    path = f"{tmp_path}/smoke-${{run.unique}}.xml"
    command = f"""printf '%s' "{PASSES}" >{tmp_path}/smoke-${{run.unique}}.xml; test -e "$CONTROLROOM_JUNIT" """
    result = await run(kit, scene, run=command, junit=path)
    assert (result.state, result.note) == (SmokeState.PASS, "2 tests")


async def test_failures_are_bounded_and_neutralised(kit: Kit, scene: MakeScene, tmp_path: Path) -> None:
    """Of many failures the first are shown and the others counted; nothing in them reaches a terminal as a command."""
    loud = tmp_path / "loud.xml"
    cases = "".join(f"<testcase name='t{n}'><failure message='&#x9b;31m red &#x202e;'/></testcase>" for n in range(25))
    loud.write_text(f"<testsuite>{cases}</testsuite>", encoding="utf-8")
    result = await run(kit, scene, run=f'cp {loud} "$CONTROLROOM_JUNIT"', junit="results.xml")
    assert len(result.evidence) == 2 + 20 + 1
    assert result.evidence[-1].detail == "5 more tests failed"
    assert result.evidence[2].detail == "red \ufffd"
