"""Which services the run cannot see, and whose gate is shut (S5)."""

from __future__ import annotations

import pytest
from tests.unit.measurements import outline, sample

from controlroom.engine.blindness import Sight, watched_of

ERRORS, HEALTH = "orders/error_rate", "orders/health"


def sight(speed: float = 1.0, started: float = 0.0) -> Sight:
    """What the run of `outline` has to see."""
    return Sight(watched_of(outline(speed)), started)


def feed(eyes: Sight, at: float, *, but: str = "") -> None:
    """Data of every watched series at `at`, except of those whose name begins with `but`."""
    for service in ("auth", "orders"):
        for metric in ("error_rate", "health"):
            name = f"{service}/{metric}"
            if not but or not name.startswith(but):
                eyes.see(sample(at, 1.0, series=name))


def test_only_what_guards_rest_on_and_health_is_watched() -> None:
    """A metric that no guard watches cannot blind the run."""
    names = {watched.series for watched in watched_of(outline())}
    assert names == {"auth/error_rate", "auth/health", "orders/error_rate", "orders/health"}


def test_more_than_two_intervals_shut_the_gate_of_that_service() -> None:
    """S5: after two intervals (and half of one for lateness) without data the gate is shut, with the reason."""
    eyes = sight()
    feed(eyes, 100.0)
    eyes.see(sample(105.0, "none", cause="HTTP 503"))
    feed(eyes, 112.0, but=ERRORS)
    assert eyes.gate_shut("orders", 112.5) is None
    feed(eyes, 113.0, but=ERRORS)
    assert eyes.gate_shut("orders", 113.0) == "orders no data of error_rate for 00:13: HTTP 503"
    assert eyes.gate_shut("auth", 113.0) is None
    feed(eyes, 115.0)
    assert eyes.gate_shut("orders", 115.0) is None


def test_a_series_has_its_own_interval() -> None:
    """S5: health comes every second, so three seconds without it are a gap."""
    eyes = sight()
    feed(eyes, 100.0)
    assert eyes.gate_shut("orders", 102.5) is None
    assert eyes.gate_shut("orders", 102.6) == "orders no data of health for 00:02: nothing yet"


def test_blind_after_a_minute() -> None:
    """S5: longer than `blind_after` without data makes a service blind, since its last data; the other one sees."""
    eyes = sight()
    feed(eyes, 100.0)
    eyes.see(sample(155.0, "none", cause="timeout"))
    feed(eyes, 160.0, but=ERRORS)
    assert eyes.blind(160.0) == []
    (blind,) = eyes.blind(160.1)
    assert (blind.service, blind.metric, blind.since) == ("orders", "error_rate", 100.0)
    assert blind.why == "orders no data of error_rate for 01:00: timeout"
    feed(eyes, 161.0)
    assert eyes.blind(161.0) == []


@pytest.mark.parametrize("word", ["idle", "few"])
def test_no_traffic_is_not_blind(word: str) -> None:
    """S5: no traffic and too few requests are something seen."""
    eyes = sight()
    for at in range(0, 1000, 5):
        feed(eyes, float(at), but=ERRORS)
        eyes.see(sample(float(at), word, series=ERRORS))
    assert eyes.blind(996.0) == []
    assert eyes.gate_shut("orders", 996.0) is None


def test_a_source_that_never_answered_is_blind_from_the_start() -> None:
    """S5: counted from where the engine began, not from an answer that never came."""
    eyes = sight(started=1000.0)
    assert eyes.blind(1060.0) == []
    assert {one.service for one in eyes.blind(1061.0)} == {"auth", "orders"}


def test_downtime_of_the_engine_is_not_blind() -> None:
    """S5: an engine that comes back after hours begins to count anew."""
    assert sight(started=50_000.0).blind(50_001.0) == []


def test_a_service_that_the_run_replaces_is_excused() -> None:
    """A deploy that takes the service away for two minutes blinds nobody; after it the time counts again."""
    eyes = sight()
    feed(eyes, 100.0)
    for at in range(100, 221):
        eyes.excuse("orders", float(at))
        feed(eyes, float(at), but="orders")
    assert eyes.blind(221.0) == []
    assert eyes.gate_shut("orders", 221.0) is None
    feed(eyes, 281.0, but="orders")
    assert [one.service for one in eyes.blind(281.0)] == ["orders"]


@pytest.mark.parametrize("speed", [60, 600])
def test_at_speed_a_loaded_machine_is_not_blind(speed: float) -> None:
    """A minute is a second at 60 times, which a busy machine may take for anything: three real seconds are needed."""
    eyes = sight(speed)
    feed(eyes, 0.0)
    assert eyes.blind(3.0 * speed) == []
    assert len(eyes.blind(3.0 * speed + 1.0)) == 2


def test_at_speed_a_hiccup_shuts_no_gate() -> None:
    """Two effective intervals are 0.4 s real at speed: less than a second late is a busy machine, not a gap."""
    eyes = sight(600)
    feed(eyes, 0.0)
    assert eyes.gate_shut("orders", 599.0) is None
    assert eyes.gate_shut("orders", 601.0) is not None


def test_one_dark_series_is_enough_and_the_longest_is_named() -> None:
    """S5: a service that answers health but not metrics is blind in its metrics."""
    eyes = sight()
    feed(eyes, 10.0)
    feed(eyes, 50.0, but=ERRORS)
    assert [(one.service, one.metric) for one in eyes.blind(120.0)] == [
        ("orders", "error_rate"),
        ("auth", "error_rate"),
    ]


def test_series_of_others_are_ignored() -> None:
    """Samples that nobody watches for blindness pass by."""
    eyes = sight()
    eyes.see(sample(5.0, 1.0, series="frontend/error_rate"))
    eyes.excuse("frontend", 6.0)
    assert eyes.gate_shut("frontend", 1000.0) is None
