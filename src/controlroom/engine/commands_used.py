"""Which programs and targets a plan would touch, found without running anything; pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel

from controlroom.engine.shell_words import programs_of
from controlroom.plan.problems import spelled
from controlroom.plan.references import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from controlroom.plan.model import Plan

_URL = re.compile(r"\b(?:https?|postgres(?:ql)?)://[^\s\"'|;]+", re.IGNORECASE)
_PROSE = frozenset({"title", "name", "window_hint", "manual", "success", "reason", "link"})
_LOOPBACK = re.compile(r"127(?:\.\d{1,3}){3}|localhost|::1")


def programs(plan: Plan) -> list[tuple[str, str]]:
    """(where, program) for every program that the plan's commands name, each once; computed names are left out."""
    found: dict[str, str] = {}
    for where, command in _commands(plan, ""):
        for program in programs_of(command) if isinstance(command, str) else [command[0]]:
            if "$" not in program:
                found.setdefault(program, where)
    return [(where, program) for program, where in found.items()]


def commands(plan: Plan) -> list[str]:
    """Every command of the plan, as text."""
    return [command if isinstance(command, str) else shlex.join(command) for _, command in _commands(plan, "")]


def foreign_targets(plan: Plan) -> list[tuple[str, str]]:
    """(where, host) for every URL or DSN of the plan whose host is not loopback; references are not resolved."""
    found: dict[str, str] = {}
    for path, text in texts(plan):
        if path and (path[0] in {"vars", "rehearsal"} or path[-1] in _PROSE):
            continue
        for url in _URL.findall(text):
            host = _host(url)
            if not _LOOPBACK.fullmatch(host):
                found.setdefault(host, spelled(path))
    return [(where, host) for host, where in found.items()]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return url


def _commands(part: object, where: str) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    if isinstance(part, BaseModel):
        name = getattr(part, "id", None)
        where = f"{where}.{name}".strip(".") if isinstance(name, str) else where
        run = getattr(part, "run", None)
        if isinstance(run, str | tuple) and run:
            yield where, run
        for field in type(part).model_fields:
            yield from _commands(getattr(part, field), where)
    elif isinstance(part, tuple):
        for inner in part:
            yield from _commands(inner, where)
    elif isinstance(part, Mapping):
        for inner in part.values():
            yield from _commands(inner, where)
