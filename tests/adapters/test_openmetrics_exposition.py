"""Pages of the exposition formats: the same series as prometheus_client's own parser finds, and no half page taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from controlroom.adapters.metrics.exposition import Labels, PageReader, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric

NAMES = ("http_requests_total", "http_request_duration_seconds_bucket", "process_resident_memory_bytes")
NASTY = ["", "plain", 'qu"ote', "back\\slash", "new\nline", "brace}", "{open", " # hash", "comma,", "ünïcode", "a=b"]


def registry(paths: list[str]) -> CollectorRegistry:
    """A service's metrics, wanted ones and others, with `paths` as label values."""
    made = CollectorRegistry()
    requests = Counter("http_requests", "Requests.", ("code", "path"), registry=made)
    other = Counter("http_requests_dropped", "Others with the same beginning.", ("path",), registry=made)
    duration = Histogram("http_request_duration_seconds", "Time.", ("path",), registry=made)
    memory = Gauge("process_resident_memory_bytes", "Memory.", registry=made)
    memory.set(1.5e8)
    for place, path in enumerate(paths):
        requests.labels("200", path).inc(place + 0.5)
        requests.labels("500", path).inc(1, {"trace": "a } b"})
        other.labels(path).inc()
        duration.labels(path).observe(0.3, {"trace": "x"})
    return made


def by_the_library(families: Iterable[Metric]) -> dict[str, dict[Labels, float]]:
    """The wanted series as prometheus_client parses them."""
    found: dict[str, dict[Labels, float]] = {}
    for family in families:
        for one in family.samples:
            if one.name in NAMES:
                found.setdefault(one.name, {})[tuple(sorted(one.labels.items()))] = float(one.value)
    return found


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
        max_size=4,
        unique=True,
    )
)
def test_both_formats_read_as_the_library_reads_them(paths: list[str]) -> None:
    """Label values with quotes, braces, hashes and newlines; exemplars; metrics whose name begins the same."""
    made = registry([path for path in paths if ("\r" not in path and path.isprintable()) or path in NASTY])
    reader = PageReader(NAMES)
    text, openmetrics = generate_latest(made).decode(), generate_openmetrics(made).decode()  # type: ignore[no-untyped-call]
    assert reader.read(text, openmetrics=False).series == by_the_library(parse_text(text))
    families = parse_openmetrics(openmetrics)  # type: ignore[no-untyped-call]
    assert reader.read(openmetrics, openmetrics=True).series == by_the_library(families)


def test_what_a_page_knows_without_series_is_declared() -> None:
    """A metric that no request has touched yet is there; one that the page does not have is not."""
    page = PageReader([*NAMES, "missing_total"]).read(generate_latest(registry([])).decode(), openmetrics=False)
    assert page.declared == set(NAMES)
    assert list(page.series) == ["process_resident_memory_bytes"]


@pytest.mark.parametrize(
    ("line", "value", "at"),
    [
        ("up 1", 1.0, None),
        ("up 1.5e3 1700000000123", 1500.0, 1700000000.123),
        ("up\t+Inf", float("inf"), None),
        ("  up   7   1700000000000  ", 7.0, 1700000000.0),
        ("up{} 3", 3.0, None),
        ('{"up"} 4', 4.0, None),
    ],
)
def test_the_ways_to_write_a_line(line: str, value: float, at: float | None) -> None:
    """Spaces, tabs, empty braces, quoted names and timestamps in milliseconds."""
    page = PageReader(["up"]).read(f"{line}\n", openmetrics=False)
    assert page.series == {"up": {(): value}}
    assert page.times == ({} if at is None else {"up": at})


def test_openmetrics_counts_time_in_seconds() -> None:
    """The two formats differ in the unit of a timestamp; the newest of a metric counts."""
    text = '# TYPE up gauge\nup{a="1"} 1 1700000000.5\nup{a="2"} 1 1700000007.5\n# EOF\n'
    assert PageReader(["up"]).read(text, openmetrics=True).times == {"up": 1700000007.5}


@pytest.mark.parametrize(
    ("text", "openmetrics"),
    [
        ("up 1", False),
        ("up 12\nup2 3", False),
        ("# TYPE up gauge\nup 1\n", True),
        ("# TYPE up gauge\nup 1\n# EO", True),
    ],
)
def test_half_a_page_is_not_taken(text: str, openmetrics: bool) -> None:
    """S5: a page that breaks off could show 12 where 1234 was meant; a counter would seem to be reset."""
    with pytest.raises(Unreadable, match="breaks off"):
        PageReader(["up"]).read(text, openmetrics=openmetrics)


@pytest.mark.parametrize("line", ["up", 'up{a="1" 3', "up one", "up{a=1} 3", 'up{a="1"}', "up{a} 1"])
def test_a_line_that_makes_no_sense_spoils_the_page(line: str) -> None:
    """S5: a wanted metric that cannot be read is no data, with the line; what the line held is not repeated."""
    with pytest.raises(Unreadable, match=r"^line 2 of the page cannot be read$"):
        PageReader(["up"]).read(f"# TYPE up gauge\n{line}\n", openmetrics=False)


def test_other_metrics_may_be_as_they_like() -> None:
    """A vendor's own sins in metrics that nobody asked for do no harm."""
    assert PageReader(["up"]).read("odd{{{ 1 2 3 4\nup 1\n", openmetrics=False).series == {"up": {(): 1.0}}


def test_ever_new_labels_do_not_grow_memory() -> None:
    """A page with a request id as a label is a mistake, and not to be remembered."""
    reader = PageReader(["up"])
    for turn in range(30):
        lines = "".join(f'up{{id="{turn}-{place}"}} 1\n' for place in range(1000))
        reader.read(lines, openmetrics=False)
    assert len(reader._heads) <= 20_000
