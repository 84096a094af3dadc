"""The kit of a run: what the plan says in its own models, built as adapters; one table per part of the language."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.browser.browser import Browser
from controlroom.adapters.browser.look import BrowserCheck, BrowserTarget, PageItem, needs_browser
from controlroom.adapters.http import Caller, HttpAction, HttpCheck, HttpObserver
from controlroom.adapters.http_client import open_client
from controlroom.adapters.jobs.environment import inherited, scrubbed
from controlroom.adapters.lookouts import alert_sources, log_sources
from controlroom.adapters.manual import ManualAction, ManualCheck
from controlroom.adapters.metric_check import MetricCheck
from controlroom.adapters.metrics.bindings import metric_sources
from controlroom.adapters.metrics.wanted import Means
from controlroom.adapters.notify.bindings import notifiers_of
from controlroom.adapters.page import PageCheck, PageObserver, PageReader
from controlroom.adapters.probe import HealthProbe, http_look, run_look, sql_look
from controlroom.adapters.run import RunAction, RunCheck, RunObserver, Surroundings
from controlroom.adapters.secrets import Vault
from controlroom.adapters.smoke import Errand, SmokeRun
from controlroom.adapters.smoke_http import Requests
from controlroom.adapters.smoke_run import CommandItem
from controlroom.adapters.targets import targets_of
from controlroom.adapters.wait import WaitAction
from controlroom.ports import Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from controlroom.adapters.manual import ManualDesk
    from controlroom.adapters.metric_check import Newest
    from controlroom.adapters.probe import Look
    from controlroom.adapters.sql import Reader
    from controlroom.plan.model import Plan
    from controlroom.plan.service import Service
    from controlroom.plan.steps import Probe
    from controlroom.ports import Action, AlertSource, Check, Clock, Kit, LogSource, Notifier, SmokeTest, Source, Target
    from controlroom.run.pace import Pace

MIN_AGE_S: Final = 5.0
"""Real seconds for which a sample counts at any speed: a scrape may be late."""


class RunKit:
    """Implements the Kit port for one run; everything it hands out shares one HTTP client and one vault."""

    def __init__(
        self,
        plan: Plan,
        *,
        run_id: str,
        clock: Clock,
        pace: Pace,
        vault: Vault,
        env: Mapping[str, str],
        commands_find: Mapping[str, str],
        newest: Newest,
        desk: ManualDesk,
        loopback_only: bool,
    ) -> None:
        self.plan, self.run_id, self.clock, self.pace = plan, run_id, clock, pace
        self.vault, self.newest, self.desk, self.loopback_only = vault, newest, desk, loopback_only
        self.client = open_client(loopback_only=loopback_only)
        self.caller = Caller(self.client, clock, vault)
        self.pages = PageReader(self.caller)
        self.surroundings = Surroundings(commands_find, vault, clock)
        self.browser = Browser(env, vault, clock, loopback_only=loopback_only)
        self.errand = Errand(self.action, vault, clock)

    @cached_property
    def reader(self) -> Reader:
        """Reads databases; asyncpg costs 13 ms, which a plan without SQL does not pay."""
        from controlroom.adapters.sql import Reader  # noqa: PLC0415

        return Reader(self.vault, self.clock, loopback_only=self.loopback_only)

    def action(self, spec: Any) -> Action:
        """The action for a plan's Action."""
        return _ACTIONS[spec.kind](self, spec)

    def check(self, spec: Any) -> Check:
        """The check for a plan's Check."""
        return _CHECKS[spec.kind](self, spec)

    def observer(self, spec: Any) -> Check:
        """The check that reads the value of a plan's Observe into `Finding.observed`."""
        return _OBSERVERS[spec.kind](self, spec)

    def smoke(self, spec: Any) -> SmokeTest:
        """The automatic checklist item for a plan's SmokeItem."""
        return _SMOKE[spec.kind](self, spec)

    def sources(self) -> Sequence[Source]:
        """Every health probe and metric source of the plan."""
        probes = [self._probe(service, service.health) for service in self.plan.services if service.health]
        return [*probes, *metric_sources(self.plan, self._means)]

    def logs(self) -> Mapping[str, LogSource]:
        """A source for each log rule of the watch, by the rule's id."""
        return log_sources(self.plan, self._means)

    def alerts(self) -> Mapping[str, AlertSource]:
        """A source for each alert rule of the watch, by the rule's id."""
        return alert_sources(self.plan, self._means)

    def notifiers(self) -> Mapping[str, Notifier]:
        """Everybody to tell, each by a name of its own."""
        return notifiers_of(self.plan.notify, self._means)

    def targets(self) -> Sequence[Target]:
        """Every host that the plan's actions, checks and smoke tests would reach."""
        return targets_of(self.plan, self.caller, lambda: self.reader)

    def tools(self) -> Sequence[Target]:
        """The browser, for a plan that opens pages."""
        return [BrowserTarget(self.browser)] if needs_browser(self.plan) else []

    @property
    def _means(self) -> Means:
        return Means(self.pace, self.vault, self.client, self.clock)

    async def close(self) -> None:
        """Let go of all connections."""
        await self.client.aclose()

    def _probe(self, service: Service, spec: Probe) -> HealthProbe:
        scene = Scene(
            run=self.run_id,
            service=service.id,
            step="health",
            job="",
            job_folder=Path(),
            facts={"service.id": service.id, "run.id": self.run_id},
            emit=lambda _line: None,
            timeout_s=spec.timeout,
        )
        return HealthProbe(scene, _PROBES[spec.kind](self, spec), spec.every, vault=self.vault, clock=self.clock)

    def metric_check(self, spec: Any) -> MetricCheck:
        """A check on the newest samples; older than the plan's `blind_after` they count no more."""
        return MetricCheck(spec, self.plan, self.newest, max(self.plan.blind_after, self.pace.plan(MIN_AGE_S)))


def build_kit(
    plan: Plan,
    *,
    run_id: str,
    clock: Clock,
    pace: Pace,
    env: Mapping[str, str],
    rehearsal_bin: Path | None,
    newest: Newest,
    desk: ManualDesk,
    read_file: Callable[[str], str] | None = None,
    secrets: Iterable[str] = (),
) -> Kit:
    """The kit for `plan`.

    `env` and `read_file` are where its secrets are resolved, at each use; `secrets` are values to hide from the first
    moment on. With `rehearsal_bin`, the folder of the stage's commands, it is a rehearsal (S30): commands see nothing
    else, and nothing reaches beyond this machine. `newest` gives the newest sample of a series and its age.
    """
    if rehearsal_bin is None:
        commands_find = inherited(env)
    else:
        home = rehearsal_bin.with_name("home")
        home.mkdir(mode=0o700, exist_ok=True)
        commands_find = scrubbed(rehearsal_bin, home)
    return RunKit(
        plan,
        run_id=run_id,
        clock=clock,
        pace=pace,
        vault=Vault(env, read_file, secrets),
        env=env,
        commands_find=commands_find,
        newest=newest,
        desk=desk,
        loopback_only=rehearsal_bin is not None,
    )


def _sql_action(kit: RunKit, spec: Any) -> Action:
    from controlroom.adapters.sql import SqlAction  # noqa: PLC0415 - see RunKit.reader

    return SqlAction(spec, kit.reader)


def _sql_check(kit: RunKit, spec: Any) -> Check:
    from controlroom.adapters.sql import SqlCheck  # noqa: PLC0415 - see RunKit.reader

    return SqlCheck(spec, kit.reader)


def _sql_observer(kit: RunKit, spec: Any) -> Check:
    from controlroom.adapters.sql import SqlObserver  # noqa: PLC0415 - see RunKit.reader

    return SqlObserver(spec.sql, kit.reader)


def _http_item(kit: RunKit, spec: Any) -> SmokeTest:
    return SmokeRun(spec, Requests(spec, kit.caller, kit.clock), kit.errand)


def _command_item(kit: RunKit, spec: Any) -> SmokeTest:
    return SmokeRun(spec, CommandItem(spec, kit.errand, kit.vault), kit.errand)


_ACTIONS: Final[Mapping[str, Callable[[RunKit, Any], Action]]] = {
    "run": lambda kit, spec: RunAction(spec, kit.surroundings),
    "http": lambda kit, spec: HttpAction(spec, kit.caller),
    "sql": _sql_action,
    "manual": lambda kit, spec: ManualAction(spec, kit.desk, kit.vault),
    "wait": lambda kit, spec: WaitAction(spec, kit.clock, kit.pace),
}
_CHECKS: Final[Mapping[str, Callable[[RunKit, Any], Check]]] = {
    "run": lambda kit, spec: RunCheck(spec, kit.surroundings),
    "http": lambda kit, spec: HttpCheck(spec, kit.caller),
    "sql": _sql_check,
    "page": lambda kit, spec: PageCheck(spec, kit.pages),
    "browser": lambda kit, spec: BrowserCheck(spec, kit.browser),
    "metric": RunKit.metric_check,
    "manual": lambda kit, spec: ManualCheck(spec, kit.desk, kit.vault),
}
_OBSERVERS: Final[Mapping[str, Callable[[RunKit, Any], Check]]] = {
    "run": lambda kit, spec: RunObserver(spec, kit.surroundings),
    "http": lambda kit, spec: HttpObserver(spec.http, kit.caller),
    "sql": _sql_observer,
    "page": lambda kit, spec: PageObserver(spec.page, kit.pages),
}
_SMOKE: Final[Mapping[str, Callable[[RunKit, Any], SmokeTest]]] = {
    "run": _command_item,
    "http": _http_item,
    "browser": lambda kit, spec: SmokeRun(spec, PageItem(spec, kit.browser), kit.errand),
}
_PROBES: Final[Mapping[str, Callable[[RunKit, Any], Look]]] = {
    "run": lambda kit, spec: run_look(kit.surroundings, spec),
    "http": lambda kit, spec: http_look(kit.caller, spec.http.request),
    "sql": lambda kit, spec: sql_look(kit.reader, spec.sql),
}
