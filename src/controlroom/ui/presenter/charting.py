"""The numbers behind the big chart: one service's series over a span of plan time, decimated to the columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from controlroom.run.samples import series_id
from controlroom.ui.presenter.words import metric_word

if TYPE_CHECKING:
    from controlroom.ui.presenter.view import View

SPANS: tuple[tuple[str, float], ...] = (("10 min", 600.0), ("1 h", 3600.0), ("48 h", 172800.0))


class Plot(NamedTuple):
    """One series: minutes before now (negative) against value; None breaks the line.

    `limit` is drawn across; a value beyond it (`below` it, or above) is a breach.
    """

    title: str
    unit: str
    minutes: list[float]
    values: list[float | None]
    limit: float | None
    starts: list[float]
    span: str
    below: bool = False

    def beyond(self, value: float) -> bool:
        """Whether `value` is on the wrong side of the limit."""
        return self.limit is not None and (value < self.limit if self.below else value > self.limit)


def plot_of(view: View, service: str, metric: str, span: int) -> Plot:
    """The chart of one series over `SPANS[span]`."""
    outline = next(m for m in view.state.outline.service(service).metrics if m.id == metric)
    label, seconds = SPANS[span]
    series = series_id(service, metric)
    trail = view.histories.trail(series, seconds) if span else view.trails.get(series)
    minutes: list[float] = []
    values: list[float | None] = []
    if trail is not None:
        count = int(seconds / trail.span_s)
        newest = int(view.elapsed // trail.span_s)
        for at, value in enumerate(trail.window(view.elapsed, count)):
            begins = (newest - count + 1 + at) * trail.span_s
            if begins >= 0:
                minutes.append((begins - view.elapsed) / 60)
                values.append(value)
    starts = [(at - view.elapsed) / 60 for at in view.marks.get(service, ()) if view.elapsed - at <= seconds]
    title = f"{service}  {metric_word(metric)}"
    return Plot(title, outline.unit, minutes, values, outline.limit, starts, label, outline.below)
