"""The preflight of a production run by itself: everything is looked at, no engine, no journal, nobody told."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from controlroom.adapters.clock import SystemClock
from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.adapters.kit import build_kit
from controlroom.adapters.manual import ManualDesk
from controlroom.control.lock import read_holder
from controlroom.daemon.beginning import read_secret
from controlroom.engine.preflight import Preflighter
from controlroom.engine.premises import Conditions, result
from controlroom.engine.scenes import SceneMaker
from controlroom.plan.references import credentials_of
from controlroom.run.fold import fold_all
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from controlroom.control.home import Home
    from controlroom.engine.preflight import Preflight
    from controlroom.plan.loader import LoadedPlan
    from controlroom.plan.model import Plan
    from controlroom.run.fact import PreflightResult

RUN = "preview"
"""Stands for `${run.id}` where no run is."""


async def inspect(
    loaded: LoadedPlan,
    env: Mapping[str, str],
    *,
    say: Callable[[str], None],
    accept_breach: str = "",
    override_window: str = "",
) -> Preflight:
    """What preflight would find if the run began now; `say` gets a line before what takes time."""
    clock = SystemClock()
    credentials = credentials_of(loaded.plan, env, read_secret)
    conditions = Conditions(
        rehearsal=False,
        path=env.get("PATH", os.defpath),
        accept_breach=accept_breach,
        override_window=override_window,
        credentials=credentials,
    )
    kit = build_kit(
        loaded.plan,
        run_id=RUN,
        clock=clock,
        pace=Pace(),
        env=env,
        rehearsal_bin=None,
        newest=lambda _series: None,
        desk=ManualDesk(),
        read_file=read_secret,
        secrets=[one.value for one in credentials if one.value],
    )
    try:
        with TemporaryDirectory(prefix="controlroom-") as folder:
            scenes = SceneMaker(RUN, Path(folder), lambda *_: None)
            return await Preflighter(loaded.plan, kit, clock, scenes, conditions).run(say)
    finally:
        await kit.close()


def occupancy(home: Home, plan: Plan) -> PreflightResult:
    """Whether the plan's environment is free for a new run on this machine."""
    environment, subject = plan.environment, f"environment {plan.environment}"
    holder = read_holder(home.locks, environment, rehearsal=False)
    if holder is not None:
        fix = f"wait for its end, or look at it: controlroom attach {holder.run}"
        return result(subject, False, f"{holder.run} is active there", fix)
    for folder in reversed(home.runs()):
        state = fold_all(read_records(folder.journal))
        if state is None or state.outline.rehearsal or state.outline.environment != environment:
            continue
        if not state.phase.terminal and not folder.active:
            fix = f"controlroom recover {folder.run}, then go on or abort it"
            return result(subject, False, f"{folder.run} was interrupted there and is not over", fix)
        break
    return result(subject, True, "is free")
