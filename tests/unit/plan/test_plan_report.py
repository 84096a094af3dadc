"""How problems are reported: all at once, in order, each with its line, a caret and a hint."""

import pytest
from tests.unit.plan.plan_texts import GOOD

from controlroom.plan.loader import parse_plan
from controlroom.plan.problems import InvalidPlan, Problem, did_you_mean, spelled

BROKEN = """\
plan: broken
titel: A plan with one of everything
environment: production
services:
  - id: auth
    name: Auth
    needs: [orders, cart]
    version: {to: "1.0", from: "0.9"}
    deploy:
      - {run: "deploy ${vars.image}", timeout: 10}
    verify:
      - manual: Look.
  - id: orders
    name: Orders
    needs: [auth]
    version: {to: "1.0", from: "0.9"}
    deploy:
      - run: deploy --token ${env:TOKEN}
    rollback:
      - run: deploy back
"""


def report(text: str) -> str:
    """What a user would read."""
    with pytest.raises(InvalidPlan) as error:
        parse_plan(text, "plans/broken.yaml")
    return str(error.value)


def test_all_problems_come_at_once() -> None:
    """Keys, units, cycles, names, references, secrets and missing parts: one reading tells all, in order."""
    assert report(BROKEN) == (
        """\
plans/broken.yaml:1:1: title is missing
    plan: broken
    ^
plans/broken.yaml:2:1: unknown key titel
    titel: A plan with one of everything
    ^
    hint: did you mean title?
plans/broken.yaml:5:5: auth has no rollback
      - id: auth
        ^
    hint: list the actions that bring the old version back, or say irreversible: true and a reason:
plans/broken.yaml:7:13: needs: go round in a circle: auth needs orders needs auth
        needs: [orders, cart]
                ^
plans/broken.yaml:7:21: needs: there is no service cart
        needs: [orders, cart]
                        ^
    hint: services: auth, orders
plans/broken.yaml:10:23: ${vars.image}: vars: has no image
          - {run: "deploy ${vars.image}", timeout: 10}
                          ^
plans/broken.yaml:10:48: timeout: '10' has no unit
          - {run: "deploy ${vars.image}", timeout: 10}
                                                   ^
    hint: write 10s, 10m or 10h
plans/broken.yaml:13:5: verify is missing
      - id: orders
        ^
    hint: verify: says how to see that the deploy worked
plans/broken.yaml:18:29: ${env:TOKEN} in a command line can be read by every user of the machine
          - run: deploy --token ${env:TOKEN}
                                ^
    hint: give it under env: and use it as $NAME in the command
9 problems in plans/broken.yaml"""
    )


def test_the_error_carries_its_problems() -> None:
    """A caller gets places and paths, not only text."""
    with pytest.raises(InvalidPlan) as error:
        parse_plan(GOOD.replace("        timeout: 5m\n", "        timeout: five\n"), "plan.yaml")
    (problem,) = error.value.problems
    assert (problem.file, problem.line, problem.column) == ("plan.yaml", 23, 18)
    assert problem.path == ("services", 0, "deploy", 0, "timeout")
    assert str(error.value).endswith("1 problem in plan.yaml")
    assert error.value.exit_code == 2


def test_the_caret_stands_under_the_place_in_a_long_line() -> None:
    """A long line is cut around the place, and the caret moves with it."""
    line = "x" * 500 + "!" + "y" * 500
    shown = Problem("f", 1, 501, (), "wrong").render(line).split("\n")
    assert len(shown[1]) <= 170
    assert shown[1][shown[2].index("^")] == "!"


def test_what_is_shown_of_a_line_cannot_move_the_terminal() -> None:
    """Tabs and escapes in a source line are shown as spaces, so that the caret stays in place."""
    shown = Problem("f", 1, 4, (), "wrong").render("a\t\x1bb").split("\n")
    assert shown[1] == "    a  b"
    assert shown[1][shown[2].index("^")] == "b"


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("tilte", ["title", "plan"], "did you mean title?"),
        ("zzz", ["title", "plan"], "keys: plan, title"),
        ("zzz", [], ""),
    ],
)
def test_hints_name_the_nearest_word_or_all(word: str, known: list[str], hint: str) -> None:
    """A near miss is named; otherwise what there is."""
    assert did_you_mean(word, known, otherwise="keys") == hint


def test_paths_are_spelled_as_people_write_them() -> None:
    """Lists in brackets, keys with dots."""
    assert spelled(("services", 0, "deploy", 1, "run")) == "services[0].deploy[1].run"


def test_positions_lead_back_to_the_file() -> None:
    """The place of a value, or of the nearest one around it, for messages that come later."""
    positions = parse_plan(GOOD, "plan.yaml").positions
    mark = positions.of("services", 1, "version", "to")
    assert GOOD.split("\n")[mark.line - 1][mark.column - 1 :].startswith('"2.10"')
    assert positions.of("services", 1, "nothing", "here") == positions.of("services", 1)
