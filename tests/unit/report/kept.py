"""A night with a watch whose samples were kept: calm, with a breach of orders in hour 20 and a gap in hour 30."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.report.night import GUARD, Night, breach, outline

from controlroom.run import events as ev
from controlroom.run.phases import Phase
from controlroom.run.rollup import KeptSpan, RollUp
from controlroom.run.samples import series_id
from controlroom.run.times import parse

if TYPE_CHECKING:
    from controlroom.adapters.samples.store import SampleStore

HOUR = 3600
BREACH = (20 * HOUR, 20 * HOUR + 600)
GAP = (30 * HOUR, 31 * HOUR)
"""Seconds since the watch began."""


def watched_night() -> Night:
    """48 h to a verdict: failed in hour 20."""
    night = Night(outline())
    night.deployed()
    night.open()
    night.tell(ev.PhaseChanged(phase=Phase.WATCHING))
    night.tell(ev.WatchStarted())
    night.wait(BREACH[0])
    breach(night, "orders")
    why = "orders 8 % > 5 % for 05:01"
    night.tell(ev.IncidentRecorded(kind="guard", text=why, service="orders"))
    night.tell(ev.VerdictReached(phase=Phase.FAILED, why=why))
    night.wait(300).tell(ev.GuardRecovered(guard=GUARD, service="orders", value=0.5, why="orders 0.5 % ≤ 5 %"))
    night.wait(28 * HOUR - 700)
    coverage = {"error_rate": 0.97, "latency_p95": 0.97, "orders/error_rate": 0.97}
    night.tell(ev.WatchCheckpoint(elapsed_s=48.0 * HOUR, coverage=coverage))
    return night


def keep(night: Night, store: SampleStore, *, every: int = 6) -> None:
    """What an engine would have kept of the watch, thinned to every so manieth span."""
    assert night.state.watch is not None
    began = _began(night)
    spans = []
    for number in range(0, 48 * 360, every):
        since = number * 10
        if GAP[0] <= since < GAP[1]:
            continue
        rollups = {}
        for service in night.outline.services:
            for metric in service.metrics:
                value = {"error_rate": 0.4, "latency_p95": 180.0}.get(metric.id, 50.0)
                if (service.id, metric.id) == ("orders", "error_rate") and BREACH[0] <= since <= BREACH[1]:
                    value = 8.0
                rolled = RollUp(at=began + since, low=value / 2, mean=value * 0.8, high=value, count=2)
                rollups[series_id(service.id, metric.id)] = rolled
        spans.append(KeptSpan(number=number + 30, at=began + since, rollups=rollups))
    store.write(spans)


def _began(night: Night) -> float:
    assert night.state.watch is not None
    return parse(night.state.watch.started).timestamp()
