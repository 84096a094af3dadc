"""Programs and targets that a plan would touch, found before anything runs (S30)."""

from __future__ import annotations

import pytest

from controlroom.engine.commands_used import commands, foreign_targets, programs
from controlroom.engine.shell_words import programs_of
from controlroom.plan.loader import parse_plan

PLAN = """
plan: shop
title: Shop
environment: production
vars: {api: "https://api.example.com"}
services:
  - id: api
    name: API
    version: {to: v2, observe: {http: {url: "http://127.0.0.1:80/health", json_path: $.version}}}
    deploy:
      - {title: "see https://wiki.example.com", run: [kubectl, apply], cancel: {run: kubectl pause}}
      - {run: "X=1 deploy-it && notify"}
    verify:
      - {http: {url: "${vars.api}/health", status: 200}}
      - {sql: {dsn: "postgresql://u@db.example.com/x", query: q, equals: "1"}}
    rollback: [{run: "undo-${service.id} now"}]
smoke:
  - {id: one, title: One, run: smoke-it, cleanup: [{run: sweep-up}]}
"""


def test_programs_of_a_plan() -> None:
    """S30: every command of the plan with the place where it stands, once each; computed names are left out."""
    plan = parse_plan(PLAN, "plan.yaml").plan
    assert programs(plan) == [
        ("api", "kubectl"),
        ("api", "deploy-it"),
        ("api", "notify"),
        ("one", "smoke-it"),
        ("one", "sweep-up"),
    ]
    assert commands(plan)[:2] == ["kubectl apply", "kubectl pause"]


def test_foreign_targets_of_a_plan() -> None:
    """S30: hosts beyond this machine, in URLs and DSNs; prose and replaced variables do not count."""
    plan = parse_plan(PLAN, "plan.yaml").plan
    assert foreign_targets(plan) == [
        ("services.api.verify[0].http.url", "api.example.com"),
        ("services.api.verify[1].sql.dsn", "db.example.com"),
    ]


@pytest.mark.parametrize(
    ("url", "foreign"),
    [
        ("http://127.0.0.1:8080/x", False),
        ("http://127.9.9.9/x", False),
        ("http://localhost/x", False),
        ("http://[::1]:80/x", False),
        ("HTTP://PROD.example.com/x", True),
        ("http://127.0.0.1.example.com/x", True),
        ("http://localhost@prod.example.com/x", True),
        ("http://10.0.0.1/x", True),
        ("http://${env:HOST}/x", True),
    ],
)
def test_what_is_loopback(url: str, foreign: bool) -> None:
    """S30: only this machine counts, whatever the name in front says."""
    plan = parse_plan(PLAN.replace("${vars.api}/health", url), "plan.yaml").plan
    found = [where for where, _ in foreign_targets(plan) if "verify[0]" in where]
    assert bool(found) is foreign


@pytest.mark.parametrize(
    ("script", "programs"),
    [
        ("db-migrate up", ["db-migrate"]),
        ("A=1 B=2 deploy x", ["deploy"]),
        ("one && two || three | four & five; six", ["one", "two", "three", "four", "five", "six"]),
        ("one\ntwo\n", ["one", "two"]),
        ("one \\\n two\nthree", ["one", "three"]),
        ("# a comment, don't\none # and; two\nthree", ["one", "three"]),
        ("echo a#b; one", ["one"]),
        ("if one; then two; elif three; then four; else five; fi; six", ["one", "two", "three", "four", "five", "six"]),
        ("while ! one; do two; done", ["one", "two"]),
        ("for x in a b c; do one $x; done", ["one"]),
        ("case $x in\n a|b) one ;;\n *) two ;;\nesac\nthree", ["one", "two", "three"]),
        ("case $x in a) one;; b) two;; esac; three", ["one", "two", "three"]),
        ("(cd /x; one);two", ["one", "two"]),
        ("{ one; two; }", ["one", "two"]),
        ("exec one", ["one"]),
        ("exec >log 2>&1\none", ["one"]),
        (">out one <in 2>&1", ["one"]),
        ("echo $(one x) not-a-program", ["one"]),
        ("X=$(one) two", ["one", "two"]),
        ('echo "at $(one -x)" && two', ["one", "two"]),
        ("echo 'not $(one)'", []),
        ("echo `one`", ["one"]),
        ('echo "`one`"', ["one"]),
        ("n=$((n + 1)); one", ["one"]),
        ("echo $((a*b)) $((c)); one", ["one"]),
        ("wait_ready() { one; }\nwait_ready && two", ["one", "two"]),
        ("cat <<EOF > x\nnot-a-program; $(no)\nEOF\none", ["cat", "one"]),
        ("cat <<-'END'\n\tnot\n\tEND\none", ["cat", "one"]),
        ("$PROGRAM x; ${service.id} y; deploy-${service.id}", []),
        ("\"quoted-one\" x; 'two' y", ["quoted-one", "two"]),
        ("/usr/bin/one x; ./two", ["/usr/bin/one", "./two"]),
        ("kubectl wait --for=condition=ready pod -l app=x || true", ["kubectl"]),
        ("[ -f x ] && one; test -d y || two", ["one", "two"]),
        ("one 'unclosed; two", ["one"]),
        ("", []),
    ],
)
def test_programs_of_a_script(script: str, programs: list[str]) -> None:
    """S30: what the shell would start, without running it; nothing that only looks like a program."""
    assert programs_of(script) == programs
