"""`${…}`: what is one, what it resolves to, and what must never reach a command."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.plan_texts import GOOD, edited, good

from controlroom.errors import ActionError, MissingSecret
from controlroom.plan.references import Resolver, Secret, as_text, credentials_of, require_all, secrets_of
from controlroom.plan.tokens import Malformed, Reference, parse

FACTS = {
    "version.from": "v2.0.0",
    "version.to": "v2.1.0",
    "version.target": "v2.1.0",
    "service.id": "auth",
    "run.id": "20261201-030011-s5",
    "run.unique": "k3x9",
    "capture.user": 17,
    "capture.note": "it's; $(reboot)",
}
FILES = {"/run/token": "from-file\n", "/run/empty": "\n", "~/key": "home"}


def read_file(path: str) -> str:
    """A file system of three files."""
    if path == "/run/binary":
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    try:
        return FILES[path]
    except KeyError as exc:
        raise FileNotFoundError(2, "No such file or directory") from exc


RESOLVER = Resolver(FACTS, {"TOKEN": "s3cret", "EMPTY": ""}, read_file)


def test_references_are_found_in_order() -> None:
    """Whole references, malformed ones and escapes are told apart."""
    found = list(parse("a ${vars.x} $${HOME} ${env:T} ${nope} $5 ${open"))
    assert found == [
        Reference("vars", "x", 2),
        Reference("env", "T", 21),
        Malformed("${nope}", 30),
        Malformed("${open", 41),
    ]


@given(st.text(max_size=80))
def test_a_text_without_references_is_itself(text: str) -> None:
    """Nothing but references changes, whatever else a text holds."""
    if "${" not in text:
        assert RESOLVER.text(text).value == text


def test_facts_and_secrets_are_put_in() -> None:
    """The value, and beside it every secret that it holds."""
    resolved = RESOLVER.text("${service.id} ${version.target} ${env:TOKEN} ${file:/run/token} $${HOME}")
    assert resolved.value == "auth v2.1.0 s3cret from-file ${HOME}"
    assert resolved.secrets == ("s3cret", "from-file")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("${env:NOWHERE}", "the environment variable NOWHERE is not set"),
        ("${env:EMPTY}", "the environment variable EMPTY is not set"),
        ("${file:/run/nothing}", "the file /run/nothing cannot be read: No such file or directory"),
        ("${file:/run/empty}", "the file /run/empty is empty"),
        ("${file:/run/binary}", "the file /run/binary cannot be read: it is not UTF-8"),
    ],
)
def test_a_secret_that_is_not_there(template: str, message: str) -> None:
    """A missing secret is named; exit code 2."""
    with pytest.raises(MissingSecret) as error:
        RESOLVER.text(template)
    assert str(error.value) == message
    assert error.value.exit_code == 2


def test_all_missing_secrets_are_named_at_once() -> None:
    """Preflight and recovery name each secret that is missing, and where it is used."""
    text = edited("traffic:\n", 'notify: [{slack: {channel: "#x", token: "${env:SLACK}"}}]\ntraffic:\n')
    plan = good(text).plan
    assert secrets_of(plan) == (
        Secret("env", "SLACK", "notify[0].slack.token"),
        Secret("env", "PUBLISH_TOKEN", "services.site.deploy[0].env.TOKEN"),
    )
    with pytest.raises(MissingSecret) as error:
        require_all(credentials_of(plan, {}, read_file))
    assert str(error.value) == (
        "secrets are missing:\n"
        "  the environment variable SLACK is not set, for notify[0].slack\n"
        "  the environment variable PUBLISH_TOKEN is not set, for services.site"
    )
    found = credentials_of(plan, {"SLACK": "a", "PUBLISH_TOKEN": "b"}, read_file)
    require_all(found)
    assert [one.value for one in found] == ["a", "b"]
    assert "'a'" not in repr(found)


def test_who_needs_a_secret() -> None:
    """The parts of the plan, each once, by id where they have one; after three of them the rest is counted."""
    notify = ", ".join('{slack: {channel: "#x", token: "${env:KEY}"}}' for _ in range(4))
    text = edited("traffic:\n", f"notify: [{notify}]\ntraffic:\n").replace("PUBLISH_TOKEN", "KEY")
    (secret,) = secrets_of(good(text).plan)
    assert secret.short == "$KEY"
    assert secret.users == "notify[0].slack, notify[1].slack, notify[2].slack and 2 more"
    assert Secret("file", "/run/key", "x").short == "/run/key"


def test_a_variable_that_holds_a_secret_counts_where_it_is_used() -> None:
    """A variable nobody uses needs no secret; one that is used is reported at its use."""
    text = GOOD.replace("vars:\n", "vars:\n  unused: ${env:UNUSED}\n  token: ${env:VAR}\n")
    text = text.replace('{TOKEN: "${env:PUBLISH_TOKEN}"}', '{TOKEN: "${vars.token}"}')
    assert secrets_of(good(text).plan) == (Secret("env", "VAR", "services.site.deploy[0].env.TOKEN"),)


@pytest.mark.parametrize("value", ["v1; reboot", "$(id)", "a b", "", "v1\n", "x" * 129, None, 17])
def test_facts_are_checked_before_they_reach_anything(value: object) -> None:
    """A version that a server invents cannot carry a command."""
    resolver = Resolver({"version.target": value}, {}, read_file)
    with pytest.raises(ActionError, match=r"\$\{version\.target\}"):
        resolver.text("deploy ${version.target}")


def test_an_unknown_fact_is_an_error() -> None:
    """A fact that is not there is never an empty text."""
    with pytest.raises(ActionError, match=r"\$\{version\.from\} has no value here"):
        Resolver({}, {}, read_file).text("${version.from}")


@given(
    st.text(
        alphabet=st.characters(codec="ascii", categories=["L", "N"], include_characters="._+-"), min_size=1, max_size=20
    )
)
def test_a_shell_gets_a_fact_as_one_word(version: str) -> None:
    """What the shell sees is the version and nothing else."""
    line = Resolver({"version.target": version}, {}, read_file).shell("printf %s ${version.target}").value
    assert subprocess.run(["/bin/sh", "-ec", line], capture_output=True, text=True, check=True).stdout == version


@pytest.mark.parametrize("template", ["x ${capture.note}", "x ${env:TOKEN}", "x ${file:/run/token}"])
def test_a_shell_never_gets_captures_or_secrets(template: str) -> None:
    """Even where a rule was forgotten, the resolver refuses."""
    with pytest.raises(ActionError, match="may not stand in a"):
        RESOLVER.command(template)


def test_a_list_is_executed_word_by_word() -> None:
    """Without a shell a capture is just a word; a secret is refused there too."""
    assert RESOLVER.command(("rm", "${capture.note}", "${capture.user}")).value == ("rm", "it's; $(reboot)", "17")
    with pytest.raises(ActionError, match="every user of the machine can read it"):
        RESOLVER.command(("deploy", "${env:TOKEN}"))


def test_json_keeps_the_type_of_a_capture() -> None:
    """A text that is one capture becomes its JSON value; inside other text it is spelled."""
    body = {"user": "${capture.user}", "email": "u${capture.user}@example.com", "list": ["${env:TOKEN}", 1, None, True]}
    resolved = RESOLVER.json(body)
    assert resolved.value == {"user": 17, "email": "u17@example.com", "list": ["s3cret", 1, None, True]}
    assert resolved.secrets == ("s3cret",)


def test_urls_escape_captures() -> None:
    """What a server returned cannot climb to another path."""
    resolver = Resolver({"capture.id": "../admin?x=1"}, {}, read_file)
    assert resolver.url("http://host/orders/${capture.id}").value == "http://host/orders/..%2Fadmin%3Fx%3D1"


def test_a_regular_expression_takes_values_literally() -> None:
    """v2.1.0 does not match v2x1y0."""
    assert RESOLVER.regex("^${version.target}$").value == r"^v2\.1\.0$"


def test_headers_are_resolved_together() -> None:
    """Every value, and all secrets among them."""
    resolved = RESOLVER.mapping({"Authorization": "Bearer ${env:TOKEN}", "X-Run": "${run.id}"})
    assert resolved.value == {"Authorization": "Bearer s3cret", "X-Run": "20261201-030011-s5"}
    assert resolved.secrets == ("s3cret",)


def test_a_resolver_does_not_show_what_it_knows() -> None:
    """Its representation, as a traceback would print it, holds no environment."""
    assert "s3cret" not in repr(RESOLVER)


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (17, "17"), (1.5, "1.5"), (None, "null"), ({"a": 1}, '{"a": 1}')]
)
def test_json_values_as_text(value: object, text: str) -> None:
    """A plan compares JSON values as they are written."""
    assert as_text(value) == text


def test_escapes_survive_the_loading_of_variables() -> None:
    """`$${vars.api}` is not a variable, and comes out as `${vars.api}`."""
    plan = good(
        edited("      - run: deploy api ${version.target}\n        timeout: 5m", "      - run: echo $${vars.api}")
    ).plan
    command = plan.services[0].deploy[0].run
    assert isinstance(command, str)
    assert RESOLVER.shell(command).value == "echo ${vars.api}"
