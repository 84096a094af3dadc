"""What can be known of a run before anything is asked of anybody: kinds, window, secrets, programs (S19, S30)."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom.engine.commands_used import foreign_targets, programs
from controlroom.plan.model import Window
from controlroom.run.events import PreflightResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from controlroom.plan.model import Plan
    from controlroom.plan.references import Credential


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the operator allowed by giving a reason, where the run takes place, and which secrets are there."""

    rehearsal: bool
    path: str
    speed: float = 1.0
    accept_breach: str = ""
    override_window: str = ""
    credentials: tuple[Credential, ...] = ()


def result(subject: str, ok: bool, detail: str, fix: str = "", *, warn: bool = False) -> PreflightResult:
    """A line of the table; what is well needs no fix, and what is not well no warning."""
    return PreflightResult(subject=subject, ok=ok, detail=detail, fix="" if ok else fix, warn=ok and warn)


def premises(plan: Plan, conditions: Conditions, now: datetime) -> list[PreflightResult]:
    """A line for each premise."""
    return [
        *_window(plan, conditions, now),
        *_secrets(conditions),
        *_programs(plan, conditions),
        *(_strangers(plan) if conditions.rehearsal else ()),
    ]


def _window(plan: Plan, conditions: Conditions, now: datetime) -> Iterator[PreflightResult]:
    window, reason = plan.window, conditions.override_window
    if window is None or (conditions.rehearsal and window == "tbd"):
        return
    if reason:
        yield result("window", True, f"overridden: {reason}", warn=True)
    elif not isinstance(window, Window):
        hint = f" ({plan.window_hint})" if plan.window_hint else ""
        fix = "set window: {opens: 2026-12-01T03:00, closes: 2026-12-01T05:00, zone: UTC}; or --override-window"
        yield result("window", False, f"still to be defined{hint}", fix)
    else:
        opens, closes = window.span
        detail = f"{opens:%Y-%m-%d %H:%M} to {closes:%H:%M} UTC, it is {now:%Y-%m-%d %H:%M}"
        way = "rehearse another --window" if conditions.rehearsal else "--override-window REASON"
        yield result("window", opens <= now < closes, detail, f"wait for it, or {way}")


def _secrets(conditions: Conditions) -> Iterator[PreflightResult]:
    for credential in conditions.credentials:
        secret = credential.secret
        if not credential.why:
            yield result(secret.short, True, f"is there, for {secret.users}")
        elif secret.family == "env":
            fix = "export it in the shell that starts the run"
            yield result(secret.short, False, f"is not set, for {secret.users}", fix)
        else:
            fix = "put it there, readable for whoever starts the run"
            yield result(secret.short, False, f"{credential.why}, for {secret.users}", fix)


def _programs(plan: Plan, conditions: Conditions) -> Iterator[PreflightResult]:
    rehearsal = conditions.rehearsal
    for where, program in programs(plan):
        found = shutil.which(program, path=conditions.path)
        # A path leads past the stage's own commands, which are all that a rehearsal may start (S30).
        if found is None or (rehearsal and "/" in program):
            detail = "is no command of the stage" if rehearsal else "is not found on PATH"
            fix = "name a command of the stage in the overlay" if rehearsal else "install it, or give its full path"
            yield result(f"{where}: {program}", False, detail, fix)
        else:
            yield result(f"{where}: {program}", True, "is a command of the stage" if rehearsal else f"is {found}")


def _strangers(plan: Plan) -> Iterator[PreflightResult]:
    for where, host in foreign_targets(plan):
        detail = f"{host} is not loopback: a rehearsal touches nothing but its stage"
        yield result(where, False, detail, "overlay it with the stage's own endpoint")
