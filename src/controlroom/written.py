"""A run's close-out report, made of its records and of the samples kept beside them."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

from controlroom.adapters.journal.sqlite_file import read_records
from controlroom.adapters.samples.summing import between, over
from controlroom.errors import NoSuchRun, SamplesUnkept
from controlroom.report.breaches import windows_of
from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.pictures import pictured
from controlroom.report.watched import column_count, watched_series, watched_window
from controlroom.run.fold import fold_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from controlroom.control.home import RunFolder
    from controlroom.report.blocks import Document
    from controlroom.run.events import Record
    from controlroom.run.rollup import RollUp

    Rollups = dict[str, list[RollUp]]


_PICTURE = re.compile(r"jobs/[\w.-]+/[\w.-]+\.png")
_PNG = b"\x89PNG\r\n\x1a\n"


def report_of(folder: RunFolder, warn: Callable[[str], None]) -> Document:
    """The report of the run as it stands; `warn` is told what it must do without. Raises NoSuchRun."""
    records = read_records(folder.journal)
    if not records:
        raise NoSuchRun(f"{folder.run} never began")
    rollups, columns = _kept(folder, records, warn)
    whole = document(close_out(records, version=version("controlroom"), rollups=rollups, columns=columns))
    return pictured(whole, lambda path, most: picture_in(folder.path, path, most))


def picture_in(folder: Path, path: str, most: int) -> bytes:
    """The picture at `path` in a run's `folder`; nothing of what is no PNG there, or larger than `most` bytes.

    The journal says where it lies, and may have been written by anybody: nothing but a picture is read.
    """
    if not _PICTURE.fullmatch(path):
        return b""
    try:
        place = (folder / path).resolve(strict=True)
        if not place.is_relative_to(folder.resolve()) or not place.is_file() or place.stat().st_size > most:
            return b""
        content = place.read_bytes()
    except OSError:
        return b""
    return content if content.startswith(_PNG) else b""


def markdown_of(folder: RunFolder) -> str:
    """The report in Markdown, for whoever asks from the screen: it says itself what it is without."""
    from controlroom.report.markdown import markdown  # noqa: PLC0415 - HTML does not need it

    return markdown(report_of(folder, lambda _: None))


def _kept(folder: RunFolder, records: Sequence[Record], warn: Callable[[str], None]) -> tuple[Rollups, Rollups]:
    """The samples around the breaches, and those of the watch; without them a report has fewer charts, and says so."""
    state = fold_all(records)
    if state is None:
        return {}, {}
    window, series = watched_window(state), watched_series(state.outline)
    try:
        around = between(folder.samples, windows_of(state.outline, records))
        return around, over(folder.samples, series, window, column_count(state)) if window else {}
    except SamplesUnkept as exc:
        warn(f"the report is without samples: {exc}")
        return {}, {}
