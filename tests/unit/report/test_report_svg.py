"""Charts as SVG: axes with round times, labels that do not meet, and honest lines."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controlroom.report.blocks import LineChart, Mark, Stretch, Timeline, TimelineRow, Tone
from controlroom.report.mark_labels import ADVANCE, placed_marks
from controlroom.report.svg import WIDTH, line_chart, timeline

CHART = LineChart(
    title="Error rate",
    unit="%",
    limit=5.0,
    limit_label="limit 5 %, for 05:00",
    points=((-60.0, 0.4), (0.0, 6.0), (30.0, 7.0), (60.0, 8.0), (300.0, 2.0)),
    gap_s=90.0,
    stretches=(Stretch(0.0, 300.0, "", Tone.BAD),),
)
LANE = Timeline("Steps", "2026-12-01T02:58:47Z", 600.0, (TimelineRow("API <1>", (Stretch(0.0, 20.0, ""),)),))


def texts(svg: str, role: str) -> list[str]:
    found = ET.fromstring(svg).iter("text")  # noqa: S314 - our own
    return [text.text or "" for text in found if role in text.attrib["class"].split()]


def elements(svg: str, role: str) -> list[ET.Element]:
    return [found for found in ET.fromstring(svg).iter() if found.attrib.get("class", "").split()[:1] == [role]]  # noqa: S314


def test_line_chart_has_the_limit_and_every_value() -> None:
    """Limit, its label and a dot for each measured value; the highest is inside the frame."""
    svg = line_chart(CHART)
    assert len(elements(svg, "limit")) == 1
    assert texts(svg, "limit-label") == ["limit 5 %, for 05:00"]
    dots = elements(svg, "dot")
    assert len(dots) == 5
    assert all(0 < float(dot.attrib["cy"]) < 240 for dot in dots)
    assert ET.fromstring(svg).attrib["aria-label"] == "Error rate"  # noqa: S314


def test_what_was_not_measured_is_dashed() -> None:
    """Four minutes without a value are no line: it is drawn as a guess."""
    roles = [line.attrib["class"] for line in elements(line_chart(CHART), "line")]
    assert roles == ["line", "line", "line", "line gap"]


def test_plan_time_begins_at_the_breach() -> None:
    """Round minutes from the beginning of the breach, and back from it."""
    ticks = texts(line_chart(CHART), "middle")
    assert ticks == ["-01:00", "00:00", "01:00", "02:00", "03:00", "04:00", "05:00"]


def test_clock_time_is_round() -> None:
    """A chart that begins at 02:58:47 has its first mark at three."""
    assert texts(timeline(LANE), "middle") == ["03:00", "03:02", "03:04", "03:06", "03:08"]


def test_a_night_of_hours_has_few_marks() -> None:
    """However long it takes, the axis stays readable; midnight is no obstacle."""
    svg = timeline(Timeline("Steps", "2026-12-01T22:10:00Z", 6 * 3600.0, LANE.rows))
    assert texts(svg, "middle") == ["23:00", "00:00", "01:00", "02:00", "03:00", "04:00"]


@pytest.mark.parametrize("at", [0.0, 1.0, 300.0, 599.0, 600.0])
def test_labels_do_not_meet(at: float) -> None:
    """Two marks at one moment have their labels one above another, and none leaves the picture."""
    marks = (Mark(at, "traffic opened"), Mark(at, "smoke tests", Tone.GOOD), Mark(300.0, "guard fired", Tone.BAD))
    svg = timeline(Timeline("Steps", LANE.begins, 600.0, LANE.rows, marks=marks))
    places = [mark for mark in elements(svg, "mark") if mark.tag == "text"]
    assert len({(mark.attrib["y"], mark.attrib["x"]) for mark in places}) == 3
    rows = [mark.attrib["y"] for mark in places if abs(float(mark.attrib["x"]) - float(places[0].attrib["x"])) < 100]
    assert len(rows) == len(set(rows))
    for mark in places:
        width = 7 * len(mark.text or "")
        left = float(mark.attrib["x"]) - (width if "end" in mark.attrib["class"].split() else 0)
        assert left >= 0
        assert left + width <= WIDTH


def test_the_shortest_step_is_visible() -> None:
    """A step of a tenth of a second in a night of hours is still a bar."""
    svg = timeline(Timeline("Steps", LANE.begins, 30_000.0, (TimelineRow("a", (Stretch(5.0, 5.1, ""),)),)))
    (bar,) = elements(svg, "bar")
    assert float(bar.attrib["width"]) >= 3


def test_samples_are_a_band() -> None:
    """Where samples were kept, lowest and highest are an area, and single dots would only hide it."""
    band = ((0.0, 1.0, 9.0), (10.0, 2.0, 8.0))
    svg = line_chart(LineChart("t", "%", 5.0, "limit", ((0.0, 5.0), (10.0, 6.0)), 20.0, band))
    (area,) = elements(svg, "band")
    assert re.fullmatch(r"M[\d. L]+ Z", area.attrib["d"])
    assert elements(svg, "dot") == []


def test_a_chart_without_values_is_still_one() -> None:
    """A breach of which no value is left shows its limit and when it fired."""
    svg = line_chart(LineChart("t", "%", 0.0, "limit", (), 0.0, marks=(Mark(300.0, "fired"),)))
    assert len(elements(svg, "limit")) == 1
    assert texts(svg, "mark") == ["fired"]


MARKS = st.builds(
    Mark,
    x=st.floats(0.0, 880.0) | st.sampled_from([0.0, 5.0, 440.0, 875.0, 880.0]),
    label=st.sampled_from(["recuperado", "rollback pedido", "guarda disparada", "tráfico abierto"]),
)


@given(st.lists(MARKS, max_size=6))
def test_no_line_goes_through_a_label(marks: list[Mark]) -> None:
    """However close the moments are, also at the right edge: every word can be read, and none leaves the picture."""
    placed, rows = placed_marks(marks, lambda value: 60.0 + value, 944.0)
    assert sorted(one.mark.x for one in placed) == sorted(mark.x for mark in marks)
    for one in placed:
        assert 0 <= one.row < rows
        assert 0 < one.begins < one.ends <= 944.0
        # A line comes down from its own row, so that it passes the labels of that row and those below.
        through = [other for other in placed if one.begins < other.x < one.ends and other.row >= one.row]
        assert through == []
        beside = [other for other in placed if other is not one and other.row == one.row]
        assert all(other.begins >= one.ends or other.ends <= one.begins for other in beside)


def test_the_limit_is_named_above_all_marks() -> None:
    """Beside its line, the label would have the lines of marks and values through it."""
    svg = line_chart(replace(CHART, marks=(Mark(290.0, "recovered"), Mark(295.0, "rollback asked for"))))
    (limit,) = elements(svg, "limit-label")
    tops = [float(mark.attrib["y1"]) for mark in elements(svg, "mark") if mark.tag == "line"]
    assert float(limit.attrib["y"]) < min(tops)
    (key,) = elements(svg, "limit-key")
    assert float(key.attrib["x2"]) < float(limit.attrib["x"]) - ADVANCE * len(limit.text or "")
