"""Files and texts that are no plan at all: each gets one clear error, and none takes time, memory or a traceback."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.plan.plan_texts import GOOD, HERE, PLANS, edited, expected_place, good, problems_of

from controlroom.errors import PlanError
from controlroom.plan.loader import LARGEST, load_plan, parse_plan, validate_plan
from controlroom.plan.nodes import DEEPEST, MOST_NODES
from controlroom.plan.problems import InvalidPlan, lines_of


def test_the_good_plan_is_good() -> None:
    """The text that the other tests break has no problem itself."""
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (f"{HERE}", "the file is empty"),
        (f"{HERE}# only a comment\n", "the file is empty"),
        (f"{HERE}- a\n- b\n", "a plan is a mapping"),
        (f"{HERE}just text\n", "a plan is a mapping"),
        (f"plan: x\n{HERE}\ttitle: y\n", "a tab indents this line"),
        (f"services:\n{HERE}\t- id: y\n", "a tab indents this line"),
        (f"a: b{HERE}: c\n", "mapping values are not allowed"),
        (f"a: {HERE}@b\n", "cannot start any token"),
        (f"a: [1, 2\nb{HERE}: 3\n", "expected ',' or ']'"),
        (f'a: {HERE}"never closed\n', ""),
        (f"a: 1\n{HERE}---\na: 2\n", "a second document begins"),
        (f"a: {HERE}*nobody\n", "no anchor &nobody"),
        (f"a: &x [{HERE}*x]\n", "inside its own anchor"),
        (f"a: b{HERE}\x00c\n", "the character U+0000 is not"),
        (f"a: b\nb: c{HERE}\x1b[31m\n", "the character U+001B is not"),
        (f"%YAML 9.9\n{HERE}---\na: b\n", ""),
    ],
)
def test_broken_yaml_stops_with_one_error(marked: str, message: str) -> None:
    """What cannot be read at all is said once, where it is."""
    text, line, column = expected_place(marked)
    problems = problems_of(text)
    assert len(problems) == 1
    assert message in problems[0].message
    if message:
        assert (problems[0].line, problems[0].column) == (line, column)


def test_a_reference_between_braces_is_explained() -> None:
    """`{run: deploy ${version.target}}` breaks YAML's own rules; the hint says how to write it."""
    text = edited(
        "      - run: deploy api ${version.target}\n        timeout: 5m", "      - {run: deploy ${version.target}}"
    )
    (problem,) = problems_of(text)
    assert "needs quotes" in problem.hint


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Two services", f"title: Two\n{HERE}title: Three", "the key title is here twice; first on line 2"),
        ("title: Two services", f"title: Two\n? {HERE}[a, b]\n: c", "a key is a text"),
        ("  api: http://127.0.0.1:8080", f"  {HERE}<<: {{b: c}}", "merge keys are not used"),
        (
            "title: Two services",
            f"title: {HERE}!!python/name:os.system x",
            "the tag tag:yaml.org,2002:python/name:os.system",
        ),
        ("title: Two services", f"title: {HERE}!secret x", "the tag !secret is not used"),
        ("title: Two services", f"title:{HERE}", "title is empty"),
        ("title: Two services", f"title: {HERE}~", "title is empty"),
        ("    needs: [api]", f"    needs: [api, {HERE}null]", "this entry is empty"),
        ("guards:\n", f"advance:\nguards:\n{HERE}", "advance is empty"),
    ],
)
def test_yaml_that_plans_do_not_use(old: str, new: str, message: str) -> None:
    """Tags, merge keys, repeated keys and empty values are errors in their places."""
    text, line, column = expected_place(edited(old, new))
    found = [problem for problem in problems_of(text) if message in problem.message]
    assert len(found) == 1
    if "advance" not in message and message != "title is empty":
        assert (found[0].line, found[0].column) == (line, column)


def test_an_alias_stands_for_its_anchor() -> None:
    """Anchors and aliases work, for whole values."""
    text = edited(
        '        env: {TOKEN: "${env:PUBLISH_TOKEN}"}', '        env: &secret {TOKEN: "${env:PUBLISH_TOKEN}"}'
    )
    text = text.replace(
        '    rollback:\n      - run: [publish, "${version.target}"]',
        "    rollback:\n      - {run: publish, env: *secret}",
    )
    assert dict(good(text).plan.service("site").rollback[0].env) == {"TOKEN": "${env:PUBLISH_TOKEN}"}


def test_a_billion_laughs_are_refused_at_once() -> None:
    """Aliases are counted in full, so nine lines cannot become a billion values."""
    names = "abcdefghi"
    lines = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]" for before, here in pairwise(names)]
    started = time.perf_counter()
    (problem,) = problems_of("\n".join(lines))
    assert f"more than {MOST_NODES} values" in problem.message
    assert time.perf_counter() - started < 2


def test_a_chain_of_aliases_does_not_get_deep() -> None:
    """Nesting by aliases counts as nesting."""
    lines = ["a0: &a0 [x]", *(f"a{number}: &a{number} [*a{number - 1}]" for number in range(1, 2_000))]
    (problem,) = problems_of("\n".join(lines))
    assert f"nested more than {DEEPEST} deep" in problem.message


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused(opening: str) -> None:
    """A hundred thousand brackets are an error, not a crash."""
    problems = problems_of("a:\n  " + opening * 100_000)
    assert len(problems) == 1


def test_variables_cannot_blow_a_plan_up() -> None:
    """A long variable used often is refused before it fills the memory."""
    uses = "\n".join(f"  r{number}: ${{vars.long}}${{vars.long}}" for number in range(300))
    text = edited("vars:\n", f"vars:\n  long: {'x' * 20_000}\n").replace(
        "guards:\n", f"responsible:\n{uses}\nguards:\n"
    )
    assert any("variables make the plan longer" in problem.message for problem in problems_of(text))


def test_a_missing_file(tmp_path: Path) -> None:
    """The name of the file that is not there."""
    with pytest.raises(
        PlanError, match=r"nowhere\.yaml:1:1: the plan cannot be read: No such file or directory"
    ) as error:
        load_plan(tmp_path / "nowhere.yaml")
    assert error.value.exit_code == 2


def test_a_folder(tmp_path: Path) -> None:
    """A folder is no plan."""
    with pytest.raises(PlanError, match="Is a directory"):
        validate_plan(tmp_path)


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    """The place of the first byte that is not UTF-8."""
    plan = tmp_path / "latin.yaml"
    plan.write_bytes("plan: x\ntitle: Catálogo\n".encode("latin-1"))
    with pytest.raises(InvalidPlan, match=r":2:11: the plan is not UTF-8: byte 0xe1"):
        load_plan(plan)


def test_a_huge_file(tmp_path: Path) -> None:
    """No more than the limit is read."""
    plan = tmp_path / "huge.yaml"
    plan.write_bytes(b"# " + b"x" * LARGEST)
    with pytest.raises(InvalidPlan, match=f"larger than {LARGEST} bytes"):
        load_plan(plan)


def test_a_byte_order_mark_and_windows_lines_are_fine(tmp_path: Path) -> None:
    """What other editors write is read."""
    plan = tmp_path / "windows.yaml"
    plan.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_plan(plan).plan.plan == "two"


def test_lines_are_counted_as_yaml_counts_them() -> None:
    """Windows line ends do not move the place of a problem."""
    text = edited("    title: Sign up", "    titel: Sign up").replace("\n", "\r\n")
    unknown = next(problem for problem in problems_of(text) if "titel" in problem.message)
    assert text.split("\r\n")[unknown.line - 1].index("titel") + 1 == unknown.column


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_plan_torn_anywhere_is_a_plan_or_an_error_with_a_place(data: st.DataObject) -> None:
    """Whatever is cut out of, or put into, the shipped plan: a plan, or a PlanError whose places are in the file."""
    text = (PLANS / "s5-hardening.yaml").read_text(encoding="utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 400)))
    put = data.draw(
        st.one_of(st.just(""), st.text(max_size=20), st.sampled_from(["${", "\t", "&a ", "*a", "[", "{", "\n- ", ": "]))
    )
    torn = text[:start] + put + text[end:]
    for rehearsal in (False, True):
        for problem in problems_of(torn, rehearsal=rehearsal):
            assert 1 <= problem.line <= len(lines_of(torn))
            assert problem.column >= 1
            assert problem.render(torn)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_plan_error(text: str) -> None:
    """Noise ends in a PlanError, never in another exception."""
    with pytest.raises(PlanError):
        parse_plan(text, "noise.yaml")
