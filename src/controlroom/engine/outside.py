"""Reads the watch's alert and log sources, each at its own beat, and has what they say judged (S22)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.engine import incidents
from controlroom.engine.attempt import attempt
from controlroom.run.outside import Alerts, Tally
from controlroom.run.phases import DataState, Phase
from controlroom.run.samples import ALERTS, LOGS, Sample, series_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from controlroom.engine.steps import Tools
    from controlroom.ports import AlertSource, LogSource
    from controlroom.run.outline import AlertRuleOutline, LogRuleOutline

SHORTEST_SPAN_S = 1.0
"""Real seconds: no log search can be asked for less."""


class Outside:
    """Follows every rule of the watch that another system answers.

    Alerts are read during the whole run; logs while watching, and then only what is newer than the watch, so that what
    a deploy stirred up is not held against it. Each answer becomes a sample of the series `RULE/alerts` or `RULE/logs`.
    """

    def __init__(
        self,
        tools: Tools,
        *,
        elapsed: Callable[[], float],
        watched: Callable[[], float],
        on_samples: Callable[[Sequence[Sample]], None],
    ) -> None:
        self._tools = tools
        self._elapsed = elapsed
        self._watched = watched
        self._on_samples = on_samples
        self._answered: dict[str, float] = {}
        self._alerts = tools.kit.alerts()
        self._logs = tools.kit.logs()

    async def run(self) -> None:
        """Read each source at its beat, until cancelled."""
        watch = self._tools.ledger.state.outline.watch
        if watch is None:
            return
        async with asyncio.TaskGroup() as group:
            for alert_rule in watch.alerts:
                group.create_task(self._follow_alerts(alert_rule, self._alerts[alert_rule.id]))
            for log_rule in watch.logs:
                group.create_task(self._follow_logs(log_rule, self._logs[log_rule.id]))

    async def _follow_alerts(self, rule: AlertRuleOutline, source: AlertSource) -> None:
        while True:
            asked = self._elapsed()
            answer = await attempt(source.open())
            if isinstance(answer, BaseException):
                answer = Alerts(cause=f"the source broke: {type(answer).__name__}")
            await self._judge_alerts(rule, answer, asked)
            await self._tools.clock.sleep(self._tools.pace.real_period(source.every_s))

    async def _follow_logs(self, rule: LogRuleOutline, source: LogSource) -> None:
        pace = self._tools.pace
        while True:
            if self._tools.ledger.state.phase is Phase.WATCHING:
                asked = self._elapsed()
                window_s = pace.window(rule.per_s, source.every_s)
                span_s = max(pace.plan(SHORTEST_SPAN_S), min(window_s, self._watched()))
                answer = await attempt(source.tally(pace.real(span_s)))
                if isinstance(answer, BaseException):
                    answer = Tally(count=None, cause=f"the source broke: {type(answer).__name__}")
                await self._judge_logs(rule, answer, span_s, asked)
            await self._tools.clock.sleep(pace.real_period(source.every_s))

    async def _judge_alerts(self, rule: AlertRuleOutline, answer: Alerts, asked: float) -> None:
        dark = await self._darkness(rule, answer.cause, asked)
        if not answer.cause:
            await self._tools.ledger.commit(lambda state: incidents.of_alerts(state, rule, answer.alerts))
        grave = sum(alert.severity.reaches(rule.severity) for alert in answer.alerts)
        state = DataState.NO_DATA if dark else DataState.OK
        self._measured(rule.id, ALERTS, asked, state, None if dark else float(grave), answer.cause)

    async def _judge_logs(self, rule: LogRuleOutline, answer: Tally, span_s: float, asked: float) -> None:
        limit = incidents.limit_of(rule, self._tools.ledger.state.logs.get(rule.id))
        above = limit is not None and answer.count is not None and answer.count > limit
        # What is only the least says enough when that is above the limit already.
        cause = "" if above else answer.cause or ("" if limit is not None else "what is normal is not known")
        await self._darkness(rule, cause, asked)
        await self._tools.ledger.commit(lambda state: incidents.of_logs(state, rule, answer, span_s))
        state = DataState.NO_DATA if cause else DataState.BREACH if above else DataState.OK
        value = None if cause or answer.count is None else float(answer.count)
        self._measured(rule.id, LOGS, asked, state, value, cause)

    async def _darkness(self, rule: LogRuleOutline | AlertRuleOutline, cause: str, asked: float) -> bool:
        """Raise or clear the alarm of a source that says nothing; whether it says nothing now."""
        if not cause:
            self._answered[rule.id] = asked
        since = self._answered.setdefault(rule.id, asked)
        blind_after_s = self._tools.ledger.state.outline.blind_after_s
        too_long = self._elapsed() - since > self._tools.pace.patience(blind_after_s, rule.every_s)
        if not cause or too_long:
            await self._tools.ledger.commit(lambda state: incidents.of_darkness(state, rule, cause))
        return bool(cause)

    def _measured(
        self, rule: str, indicator: str, asked: float, state: DataState, value: float | None, cause: str
    ) -> None:
        sample = Sample(
            series=series_id(rule, indicator),
            at=self._tools.clock.now().timestamp(),
            elapsed=asked,
            value=value,
            state=state,
            cause=cause,
        )
        self._on_samples([sample])
