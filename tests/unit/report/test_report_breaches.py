"""Breaches as a report tells them: when each began, fired and ended, with the metric's values around it."""

from __future__ import annotations

from msgspec.structs import replace
from tests.unit.report.night import GUARD, Night, breach, outline

from controlroom.report.breach_chart import breach_chart
from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.markdown import markdown
from controlroom.report.voice import Voice
from controlroom.run import events as ev
from controlroom.run.phases import Verdict
from controlroom.run.rollup import RollUp


def _night(speed: float = 1.0) -> Night:
    return Night(replace(outline(), speed=speed))


def test_a_breach_that_fires() -> None:
    """S1, S7: it begins with the first value beyond the limit, fires once, and ends when the metric is back."""
    night = _night()
    breach(night, "orders")
    night.wait(99).tell(ev.GuardRecovered(guard=GUARD, service="orders", value=0.5, why="orders 0.5 % ≤ 5 %"))
    (found,) = night.report().breaches
    assert (found.service, found.name, found.worst) == ("orders", "API de Pedidos", 9.0)
    assert found.longest_s == 301 + 99
    assert found.points[0].value == 0.4
    assert found.points[0].at < found.began == found.points[1].at < found.tripped < found.recovered
    assert found.points[-1].value == 0.5


def test_a_breach_that_ends_in_time() -> None:
    """Not for long enough: told, with the longest it lasted, and not as fired."""
    night = _night()
    night.guard("auth", 6.0)
    night.wait(200).guard("auth", 7.5, 200.0)
    night.wait(5).guard("auth", 1.0)
    (found,) = night.report().breaches
    assert (found.tripped, found.longest_s, found.worst) == ("", 200.0, 7.5)
    assert found.recovered


def test_two_breaches_of_one_service_are_two() -> None:
    """S1: what falls below the limit in between begins anew."""
    night = _night()
    for _ in range(2):
        night.wait(5).guard("auth", 6.0)
        night.wait(5).guard("auth", 1.0)
    assert len(night.report().breaches) == 2


def test_services_breach_each_for_itself() -> None:
    """S2: two at once are two breaches, in the order in which they began."""
    night = _night()
    night.guard("catalog", 6.0)
    night.wait(5).guard("auth", 7.0)
    assert [found.service for found in night.report().breaches] == ["catalog", "auth"]


def test_silence_is_no_value() -> None:
    """S5: what is told while there is no data repeats the last value, which is no measurement and draws no point."""
    night = _night()
    night.guard("auth", 6.0)
    night.wait(30).guard("auth", 6.5, 30.0)
    night.wait(60).guard("auth", 6.5, 30.0, frozen=True)
    (found,) = night.report().breaches
    assert [point.value for point in found.points] == [6.0, 6.5]
    assert found.recovered == ""


def test_too_few_requests_are_no_breach() -> None:
    """S4: inconclusive with a last value within the limit begins nothing."""
    night = _night()
    few = ev.GuardChanged(
        guard=GUARD, service="auth", verdict=Verdict.INCONCLUSIVE, breach_s=0.0, value=0.0, why="13 of 20 requests"
    )
    night.tell(few)
    assert night.report().breaches == ()


def test_a_guard_below_its_limit() -> None:
    """`below:` guards breach on the other side, and the worst is the lowest."""
    plan = outline()
    night = Night(replace(plan, guards=(replace(plan.guards[0], below=True, limit=90.0),)))
    night.guard("auth", 95.0)
    for value in (80.0, 70.0, 85.0):
        night.wait(5).guard("auth", value, 5.0)
    (found,) = night.report().breaches
    assert found.worst == 70.0


def test_the_chart_counts_plan_time() -> None:
    """In a rehearsal at speed 60 the axis still reads five minutes from the beginning of the breach to the alarm."""
    night = _night(speed=60.0)
    breach(night, "orders")
    report = night.report()
    chart = breach_chart(report.breaches[0], report, Voice("en", report.started, over=False))
    assert [round(mark.x) for mark in chart.marks] == [301]
    assert chart.limit_label == "limit 5 %, for 05:00"
    assert chart.points[0][0] == -30.0
    assert chart.points[-1] == (chart.marks[0].x, 8.0)


def test_rollups_replace_the_journals_values() -> None:
    """Where samples were kept, the chart has their mean and the band from lowest to highest, also before the breach."""
    night = _night()
    breach(night, "orders")
    began = night.now.timestamp() - 301
    kept = [RollUp(at=began + 10 * n, low=1.0, mean=2.0 + n, high=9.0, count=10) for n in range(-200, 40)]
    report = close_out(night.records, version="1", rollups={"orders/error_rate": kept})
    found = report.breaches[0]
    assert found.rollups[0].at >= began - 301
    chart = breach_chart(found, report, Voice("en", report.started, over=False))
    assert len(chart.band) == len(chart.points) < len(kept)
    assert min(at for at, _ in chart.points) < 0
    assert chart.band[0][1:] == (1.0, 9.0)


def _kept(night: Night, high: float, *, spans: range = range(-30, 60)) -> list[RollUp]:
    """Samples of 10 s each around the breach that the night has just told, with one peak in the middle of it."""
    began = night.now.timestamp() - 301
    return [
        RollUp(at=began + 10 * n, low=0.2, mean=2.0, high=high if n == 15 else 8.0 if n >= 0 else 0.6, count=10)
        for n in spans
    ]


def test_the_worst_is_the_worst_of_all_that_is_known() -> None:
    """What a guard said now and then is not every value: all tell the peak of the samples."""
    night = _night()
    breach(night, "orders")
    report = close_out(night.records, version="1", rollups={"orders/error_rate": _kept(night, 15.5)})
    (found,) = report.breaches
    assert found.worst == 15.5
    chart = breach_chart(found, report, Voice("es", report.started, over=False))
    assert max(high for _, _, high in chart.band) == 15.5
    written = markdown(document(report))
    assert "Peor valor: 15.5 %." in written
    assert "(API de Pedidos: 15.5 %)" in written
    assert "… 15.5 % (límite" in written


def test_the_worst_may_be_known_to_the_journal_alone() -> None:
    """Samples that an engine lost when it was killed: its journal still tells the peak, and the chart has it too."""
    night = _night()
    breach(night, "orders")
    kept = _kept(night, 8.0, spans=range(-30, 10))
    report = close_out(night.records, version="1", rollups={"orders/error_rate": kept})
    (found,) = report.breaches
    assert found.worst == 9.0
    chart = breach_chart(found, report, Voice("es", report.started, over=False))
    assert max(value for _, value in chart.points) == 9.0
    assert [x for x, _ in chart.points] == sorted(x for x, _ in chart.points)


def test_samples_of_another_breach_do_not_count() -> None:
    """What was measured before the metric was beyond its limit, or long after it came back, is none of the breach."""
    night = _night()
    breach(night, "orders")
    night.wait(5).tell(ev.GuardRecovered(guard=GUARD, service="orders", value=0.5, why="orders 0.5 % ≤ 5 %"))
    end = night.now.timestamp()
    kept = [RollUp(at=end + at, low=0.1, mean=30.0, high=50.0, count=10) for at in (-400.0, 20.0)]
    report = close_out(night.records, version="1", rollups={"orders/error_rate": kept})
    assert report.breaches[0].worst == 9.0


def test_a_mean_is_not_compared_with_single_samples() -> None:
    """The worst of a guard over an hour is the worst mean that it saw, and is named as one."""
    plan = outline()
    night = Night(replace(plan, guards=(replace(plan.guards[0], over_s=3600.0), *plan.guards[1:])))
    breach(night, "orders")
    report = close_out(night.records, version="1", rollups={"orders/error_rate": _kept(night, 15.5)})
    assert report.breaches[0].worst == 9.0
    assert "Peor valor: 9 % de media en 1 h." in markdown(document(report))


def test_rollups_in_another_unit_are_not_mixed_in() -> None:
    """A guard that compares in seconds is not drawn over a series kept in milliseconds."""
    plan = outline()
    night = Night(replace(plan, guards=(replace(plan.guards[0], unit="ratio"),)))
    breach(night, "orders")
    kept = [RollUp(at=night.now.timestamp(), low=1.0, mean=2.0, high=3.0, count=1)]
    report = close_out(night.records, version="1", rollups={"orders/error_rate": kept})
    assert report.breaches[0].rollups == ()


def test_a_long_breach_is_drawn_by_its_worst() -> None:
    """Two days above the limit are a few hundred points, and the peak of a single one is among them."""
    night = _night()
    breach(night, "orders")
    for place in range(3000):
        night.wait(24).guard("orders", 42.0 if place == 1234 else 6.0, 301.0 + place)
    report = night.report()
    chart = breach_chart(report.breaches[0], report, Voice("en", report.started, over=False))
    assert len(chart.points) <= 400
    assert max(value for _, value in chart.points) == 42.0
    assert [at for at, _ in chart.points] == sorted(at for at, _ in chart.points)
    began = night.now.timestamp() - 72_000
    kept = [RollUp(at=began + 10 * n, low=float(n == 77), mean=6.0, high=7.0, count=10) for n in range(7200)]
    report = close_out(night.records, version="1", rollups={"orders/error_rate": kept})
    chart = breach_chart(report.breaches[0], report, Voice("en", report.started, over=False))
    assert max(len(chart.band), len(chart.points)) <= 400
    assert {low for _, low, _ in chart.band} == {0.0}
    assert {high for _, _, high in chart.band} == {7.0}


def test_a_mean_over_a_long_span_is_named_as_one() -> None:
    """The limit of such a guard is not one of each sample, and chart and sentence say so."""
    plan = outline()
    guard = replace(plan.guards[0], over_s=3600.0)
    night = Night(replace(plan, guards=(guard, *plan.guards[1:])))
    breach(night, "orders")
    report = night.report()
    chart = breach_chart(report.breaches[0], report, Voice("es", report.started, over=True))
    assert chart.limit_label == "límite 5 % de media en 1 h, durante 05:00"
    assert "por encima de 5 % de media en 1 h" in markdown(document(report))
