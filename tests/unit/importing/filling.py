"""Filling in what an imported plan leaves open, as somebody would who knows the answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from controlroom.importing.importer import Imported, import_document
from controlroom.plan.loader import LoadedPlan, parse_plan
from controlroom.plan.problems import InvalidPlan, Problem
from controlroom.plan.todo import OPEN

DOCUMENTS = Path(__file__).with_name("documents")
ANSWERS = {
    "where": "https://there.internal.example.com",
    "version of": "v2.1.0",
    "newest migration once": "42",
    "id of the element": "version",
    "CSS selector": "footer .version",
    "how many": "50",
    "how long": "48h",
    "time zone": "UTC",
    "uid": "prometheus",
    "query": "up",
    "search": "level:ERROR",
    "command": "true",
}
_GAP = re.compile(r'"TODO:((?:[^"\\]|\\.)*)"')


def imported(name: str) -> Imported:
    """A document of the folder beside this file, imported."""
    return import_document((DOCUMENTS / name).read_text(encoding="utf-8"), name)


def filled(plan: str) -> str:
    """The plan with an answer in every gap, of whatever kind it asks for."""
    return _GAP.sub(lambda gap: f'"{_answer(gap[1])}"', plan)


def _answer(missing: str) -> str:
    found = sorted((missing.index(word), answer) for word, answer in ANSWERS.items() if word in missing)
    return found[0][1] if found else "what the document left open itself"


def loaded(plan: str) -> LoadedPlan:
    """The filled plan; it must be valid."""
    return parse_plan(filled(plan), "plan.yaml")


def gaps(plan: str) -> list[Problem]:
    """What validate says of the plan as imported: nothing but gaps."""
    with pytest.raises(InvalidPlan) as caught:
        parse_plan(plan, "plan.yaml")
    wrong = [problem.render(plan) for problem in caught.value.problems if not problem.message.startswith(OPEN)]
    assert wrong == []
    return list(caught.value.problems)
