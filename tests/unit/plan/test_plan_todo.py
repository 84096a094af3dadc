"""What a plan leaves open is named by line, once, and by nothing else."""

from __future__ import annotations

import pytest

from controlroom.plan.loader import parse_plan
from controlroom.plan.problems import InvalidPlan

PLAN = """\
plan: shop
title: Shop
environment: production
vars:
  api: "TODO: where the API answers"
services:
  - id: api
    name: The API
    version:
      to: "TODO: the version that is deployed"
      observe: {http: {url: "${vars.api}/health"}}
    deploy: [{run: "TODO: the command that deploys ${version.target}", timeout: "TODO: how long it may take"}]
    verify: [{http: {url: "${vars.api}/health"}}]
    rollback: [{run: "TODO:"}]
"""


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(InvalidPlan) as caught:
        parse_plan(text, "plan.yaml")
    return [(problem.line, problem.message) for problem in caught.value.problems]


def test_each_open_value_is_named_once() -> None:
    """By its line and its own words, whatever type is wanted there; a variable's where it stands, not at each use."""
    assert problems(PLAN) == [
        (5, "still to be filled in: where the API answers"),
        (10, "still to be filled in: the version that is deployed"),
        (12, "still to be filled in: the command that deploys ${version.target}"),
        (12, "still to be filled in: how long it may take"),
        (14, "still to be filled in: a value"),
    ]


def test_an_aliased_value_is_named_once() -> None:
    """What several services share is filled in at one place."""
    text = PLAN.replace('rollback: [{run: "TODO:"}]', 'rollback: &back [{run: "TODO: the way back"}]')
    text += "  - {id: b, name: B, version: {to: v2, from: v1}, deploy: *back, verify: [{run: x}], rollback: *back}\n"
    assert [message for line, message in problems(text) if line == 14] == ["still to be filled in: the way back"]


def test_the_word_alone_is_no_mark() -> None:
    """A service may be called TODO, and a text may speak of one."""
    text = PLAN.replace("The API", '"TODO app (TODO: rename it)"').replace("TODO: how long it may take", "1s")
    text = text.replace("TODO: the version that is deployed", "v2").replace('"TODO:', '"x')
    assert parse_plan(text, "plan.yaml").plan.services[0].name == "TODO app (TODO: rename it)"
