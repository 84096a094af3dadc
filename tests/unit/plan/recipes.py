"""The plan fragments of docs/cdn.md, by the edge that they are for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.plan.loader import parse_plan

if TYPE_CHECKING:
    from controlroom.plan.model import Plan

_PAGE = Path(__file__).parents[3] / "docs" / "cdn.md"
_HEAD = "plan: recipe\ntitle: A recipe\nenvironment: production\n"
_SECTION = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)

RECIPES = {
    title: block
    for title, text in _SECTION.findall(_PAGE.read_text(encoding="utf-8"))
    for block in _BLOCK.findall(text)
}


def recipe(title: str, *changes: tuple[str, str]) -> Plan:
    """A fragment as a plan, with no more than a head above it; texts are replaced, each of which must be there."""
    text = RECIPES[title]
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return parse_plan(_HEAD + text, f"docs/cdn.md, {title}").plan
