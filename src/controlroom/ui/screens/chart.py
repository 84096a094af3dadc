"""The big chart of one service: drawn by plotext, off the event loop, at most once a second, only while it is open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.errors import ControlroomError, Refused
from controlroom.run.samples import series_id
from controlroom.ui.presenter.charting import SPANS, Plot, plot_of
from controlroom.ui.presenter.histories import LONGER
from controlroom.ui.presenter.text import EMPTY, Line, Span, Tone
from controlroom.ui.screens.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from controlroom.run.columns import HistoryPart
    from controlroom.ui.presenter.histories import Histories
    from controlroom.ui.presenter.view import View

    ReadHistory = Callable[[str, float, int], Awaitable[HistoryPart]]
    """What the engine kept of a series: the span of a column in plan seconds, and how many columns."""


class ChartPage(Pager):
    """`←→` goes through the spans, `tab` through the series."""

    def __init__(self, read: ReadHistory, service: str, metrics: list[str]) -> None:
        super().__init__("g")
        self._read = read
        self._service, self._metrics = service, metrics
        self._metric, self._span = 0, 0
        self._drawn: list[Line] = []
        self._drawing: asyncio.Task[None] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    def heading(self, view: View) -> Line:  # noqa: ARG002 - the service says it
        """The title."""
        if not self._metrics:
            return (Span(f"{self._service}: no series to draw", Tone.STRONG),)
        return (Span(f"{self._service}", Tone.STRONG), Span(f"   {self._metrics[self._metric]}", Tone.TEXT))

    def footing(self, view: View) -> Line:  # noqa: ARG002 - keys only
        """The spans to choose from."""
        spans: list[Span] = []
        for at, (label, _) in enumerate(SPANS):
            spans.append(Span(f"{label}  ", Tone.STRONG if at == self._span else Tone.QUIET))
        keys = ((" ←→", " span  "), ("tab", " series  "), ("Esc", " back"))
        for key, word in keys:
            spans += [Span(key, Tone.KEY), Span(word, Tone.QUIET)]
        return tuple(spans)

    def rows(self, view: View, width: int) -> list[Line]:
        """The newest drawing; a newer one is begun."""
        if self._metrics:
            self._ask(view.histories)
        if self._metrics and (self._drawing is None or self._drawing.done()):
            height = self.box_for(*self.app.size).height - 2
            plot = plot_of(view, self._service, self._metrics[self._metric], self._span)
            self._drawing = asyncio.create_task(self._draw(plot, width, height))
        waiting = "  drawing …" if self._metrics else "  the plan names no metric of this service"
        return self._drawn or [EMPTY, (Span(waiting, Tone.QUIET),)]

    def _ask(self, histories: Histories) -> None:
        """Have the engine say what it kept of what is looked at, once."""
        series, covers = series_id(self._service, self._metrics[self._metric]), SPANS[self._span][1]
        if histories.asks(series, covers):
            task = asyncio.create_task(self._look_back(histories, series, covers))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _look_back(self, histories: Histories, series: str, covers: float) -> None:
        span_s = LONGER[covers]
        try:
            histories.take(await self._read(series, span_s, int(covers / span_s)), covers)
        except Refused:
            return  # nothing is kept that could be read: the chart shows what came since this screen opened
        except ControlroomError:
            histories.failed(series, covers)
            return
        if self.is_attached:
            self.tick()

    async def _draw(self, plot: Plot, width: int, height: int) -> None:
        from controlroom.ui.plotting import drawn  # noqa: PLC0415 - plotext is loaded when a chart is first opened

        lines = await asyncio.to_thread(drawn, plot, width, height)
        if lines != self._drawn and self.is_attached:
            self._drawn = lines
            super().tick()

    def key(self, name: str, character: str | None, when: float) -> None:
        """Choose, or leave."""
        if name in {"left", "right"}:
            self._span = (self._span + (1 if name == "right" else -1)) % len(SPANS)
        elif name in {"tab", "shift+tab"} and self._metrics:
            self._metric = (self._metric + (1 if name == "tab" else -1)) % len(self._metrics)
        else:
            super().key(name, character, when)
            return
        self.tick()
