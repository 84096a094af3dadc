"""What an engine begins from: plan, stage and secrets, the known events, or the first ones after preflight."""

from __future__ import annotations

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from controlroom.control.lock import EnvironmentLock, Holder
from controlroom.control.process import start_time
from controlroom.engine.outline import outline_of
from controlroom.engine.preflight import Preflighter
from controlroom.engine.preflight_table import count_of
from controlroom.engine.premises import Conditions
from controlroom.errors import JournalCorrupt, StageError, UsageError
from controlroom.plan.loader import parse_plan
from controlroom.plan.model import Window
from controlroom.rehearsal.process import find_stage
from controlroom.run import events as ev
from controlroom.run.chain import first_flaw
from controlroom.run.fold import fold_all
from controlroom.run.times import stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from controlroom.control.home import Home, RunFolder
    from controlroom.daemon.settings import Start
    from controlroom.engine.history import Past
    from controlroom.engine.scenes import SceneMaker
    from controlroom.plan.loader import LoadedPlan
    from controlroom.plan.references import Credential
    from controlroom.ports import Clock, Kit
    from controlroom.rehearsal.process import StageHandle
    from controlroom.run.events import Event, Record
    from controlroom.run.state import RunState


async def first_events(
    start: Start,
    loaded: LoadedPlan,
    kit: Kit,
    clock: Clock,
    scenes: SceneMaker,
    stage: StageHandle | None,
    credentials: tuple[Credential, ...],
    say: Callable[[str], None],
) -> tuple[list[Event], Past]:
    """The events with which a run begins, once preflight has found everything well, and what was before it.

    Raises PreflightRefused and MissingSecret.
    """
    conditions = Conditions(
        rehearsal=start.rehearsal,
        path=str(stage.bin) if stage else os.environ.get("PATH", os.defpath),
        accept_breach=start.accept_breach,
        override_window=start.override_window,
        speed=start.speed,
        credentials=credentials,
    )
    found = await Preflighter(loaded.plan, kit, clock, scenes, conditions).run(say)
    found.refuse()
    say(f"preflight: {count_of(found.results)}")

    def label(spec: object) -> str:
        return kit.check(spec).label if hasattr(spec, "times") else kit.action(spec).label

    created = ev.RunCreated(
        outline=outline_of(
            loaded.plan, label, rehearsal=start.rehearsal, speed=start.speed, auto_close=start.auto_close
        ),
        plan_sha256=loaded.sha256,
        plan_path=start.plan_path,
        versions=found.versions,
        traffic=found.traffic,
        preflight=tuple(found.results),
        accepted_breach=start.accept_breach,
        window_override=start.override_window,
    )
    lease = ev.LeaseTaken(operator=start.operator, host=start.host, uid=start.uid)
    return [created, lease, *found.events], found.past


def taken_environment(home: Home, folder: RunFolder, start: Start, loaded: LoadedPlan, clock: Clock) -> EnvironmentLock:
    """The lock that keeps every other run out of this one's environment, for as long as it is held. Raises Held."""
    pid = os.getpid()
    holder = Holder(
        run=folder.run,
        plan=loaded.plan.plan,
        plan_sha256=loaded.sha256,
        environment=loaded.plan.environment,
        rehearsal=start.rehearsal,
        pid=pid,
        start_time=start_time(pid) or 0,
        host=socket.gethostname(),
        since=stamp(clock.now()),
    )
    return EnvironmentLock.acquire(home.locks, holder)


def fold_sound(records: list[Record]) -> RunState | None:
    """The state after `records`. Raises JournalCorrupt when their chain does not hold: nobody knows then what ran."""
    flaw = first_flaw(records)
    if flaw is not None:
        raise JournalCorrupt(f"the journal cannot be trusted: {flaw}")
    return fold_all(records)


def read_secret(path: str) -> str:
    """The content of a secret's file, without the line end that editors leave."""
    return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\n")


def stage_of(start: Start) -> StageHandle | None:
    """The stage of a rehearsal, None otherwise. Raises StageError when it is gone, or another run's is there."""
    if not start.stage:
        return None
    stage = find_stage(Path(start.stage))
    if stage is None or stage.identity != start.stage_identity:
        raise StageError(f"the stage of this rehearsal is gone ({start.stage}); start a new rehearsal")
    return stage


def plan_of(folder: RunFolder, start: Start, stage: StageHandle | None) -> LoadedPlan:
    """The run's own copy of its plan (S29), with the stage's values in a rehearsal."""
    text = folder.plan.read_text(encoding="utf-8")
    loaded = parse_plan(text, start.plan_path, stage.endpoints if stage else None)
    if not start.rehearsal:
        return loaded
    # A rehearsal may act at any time, unless it rehearses a window.
    window = window_of(start.window) if start.window else None
    return replace(loaded, plan=loaded.plan.model_copy(update={"window": window}))


def window_of(text: str) -> Window:
    """The window that `--window OPENS/CLOSES/ZONE` asks for. Raises UsageError."""
    try:
        opens, closes, zone = text.split("/", 2)
        return Window.model_validate({"opens": opens, "closes": closes, "zone": zone})
    except ValueError as exc:
        raise UsageError("--window is OPENS/CLOSES/ZONE, such as 2026-12-01T03:00/2026-12-01T05:00/UTC") from exc
