"""The report with the samples that were kept: from the real file, as the command reads it, to charts and table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.unit.report.kept import BREACH, GAP, HOUR, keep, watched_night

from controlroom.adapters.samples.store import SampleStore
from controlroom.adapters.samples.summing import between, over
from controlroom.report.blocks import LineChart, Table
from controlroom.report.breaches import windows_of
from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.html import html
from controlroom.report.markdown import markdown
from controlroom.report.watched import MOST_COLUMNS, column_count, watched_series, watched_window
from controlroom.run.rollup import KeptSpan, RollUp

if TYPE_CHECKING:
    from pathlib import Path

    from controlroom.report.blocks import Document
    from controlroom.report.model import Report

SERIES = "orders/error_rate"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("run") / "samples.bin"
    store = SampleStore(found)
    keep(watched_night(), store)
    store.close()
    return found


@pytest.fixture(scope="module")
def report(path: Path) -> Report:
    """What `controlroom report` makes of the run."""
    night = watched_night()
    window = watched_window(night.state)
    assert window is not None
    return close_out(
        night.records,
        version="1",
        rollups=between(path, windows_of(night.outline, night.records)),
        columns=over(path, watched_series(night.outline), window, MOST_COLUMNS),
    )


@pytest.fixture(scope="module")
def made(report: Report) -> Document:
    return document(report)


def charts(made: Document) -> list[LineChart]:
    return [block for section in made.sections for block in section.blocks if isinstance(block, LineChart)]


def test_a_breach_is_drawn_from_samples(made: Document) -> None:
    """S6: line and band of what was measured around it, also from before it began, and the journal's values between."""
    first = charts(made)[0]
    assert first.title == "Tasa de errores de API de Pedidos desde las 23:03:37"
    assert len(first.band) > 15
    assert first.points[0][0] < 0
    assert max(high for _, _, high in first.band) == 8.0
    assert {6.4, 9.0} <= {value for _, value in first.points}


def test_the_watch_is_drawn_whole(made: Document) -> None:
    """S22: each indicator over the 48 h, the worst service of each; a breach of ten minutes is in sight."""
    _, errors, latency = charts(made)
    assert "API de Pedidos durante el monitoreo, el peor de 3 servicios" in errors.title
    assert "máximo de cada 12 min" in errors.title
    assert max(value for _, value in errors.points) == 8.0
    assert (errors.limit, latency.limit) == (5.0, 800.0)
    assert errors.points[-1][0] == pytest.approx(48 * HOUR, abs=800)
    assert [mark.label for mark in errors.marks] == ["guarda disparada"]
    (stretch,) = errors.stretches
    assert BREACH[0] <= stretch.x < stretch.end <= BREACH[1] + 100


def test_what_nobody_measured_is_a_gap(made: Document) -> None:
    """S5: no line and no band over the hour without samples: two pieces of band, and a dashed line between them."""
    errors = charts(made)[1]
    assert not [x for x, _ in errors.points if GAP[0] + 720 < x < GAP[1] - 720]
    drawn = html(made)
    figure = next(part for part in drawn.split("<figure>") if "API de Pedidos durante el monitoreo" in part)
    assert figure.count('class="band"') == 2
    assert figure.count('class="line gap"') == 1


def test_the_table_has_every_series(made: Document) -> None:
    """Lowest, mean, highest, limit and time with data of each."""
    tables = [b for section in made.sections for b in section.blocks if isinstance(b, Table) and b.head[2] == "Mínimo"]
    (table,) = tables
    rows = [[piece.text for line in row for piece in line] for row in table.rows]
    assert rows[0] == ["Tasa de errores", "API de Pedidos", "0.2 %", "0.34 %", "8 %", "5 %", "97 %"]
    assert len(rows) == 6


def test_markdown_has_them_too(made: Document) -> None:
    """A bar for the worst of each stretch: the one breach stands out."""
    line = next(
        line for line in markdown(made).splitlines() if line.startswith("Tasa de errores de API de Pedidos dur")
    )
    bars = line.split("`")[1]
    assert bars.count("█") == 1
    assert "0.2 % … 8 % (límite 5 %); +20:05:31 guarda disparada" in line


def test_without_samples_the_report_says_so() -> None:
    """A journal alone, on another machine: no chart of the watch, and no pretence."""
    alone = markdown(document(close_out(watched_night().records, version="1")))
    assert "No hay muestras del monitoreo a mano." in alone
    assert "Mínimo" not in alone


def test_a_short_watch_has_columns_for_several_samples() -> None:
    """A watch of some minutes is not cut so finely that every second column is empty by chance."""
    state = watched_night().state
    assert column_count(state) == MOST_COLUMNS
    assert state.watch is not None
    young = replace(state, verdict=None, watch=replace(state.watch, elapsed_s=900.0, started=state.at))
    assert column_count(young) == 30
    assert column_count(replace(young, outline=replace(state.outline, speed=60.0))) == 25
    assert column_count(replace(young, watch=None)) == MOST_COLUMNS


def test_parts_of_a_span_come_together(tmp_path: Path) -> None:
    """A late sample, or an engine that began anew within ten seconds: one roll-up of all that was measured."""
    store = SampleStore(tmp_path / "samples.bin")
    for low, high in ((1.0, 3.0), (0.0, 2.0)):
        one = RollUp(at=1000.0, low=low, mean=(low + high) / 2, high=high, count=2)
        store.write([KeptSpan(number=7, at=1000.0, rollups={SERIES: one})])
    store.close()
    (found,) = between(tmp_path / "samples.bin", {SERIES: [(990.0, 1010.0)]})[SERIES]
    assert found == RollUp(at=1000.0, low=0.0, mean=1.5, high=3.0, count=4)
    assert between(tmp_path / "samples.bin", {SERIES: [(1001.0, 1010.0)], "no/body": [(0.0, 9e9)]}) == {}
    assert between(tmp_path / "nowhere.bin", {SERIES: [(0.0, 9e9)]}) == {}
