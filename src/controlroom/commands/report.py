"""Writing down what a run came to: the close-out report, for people who were not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from controlroom.commands.runs import chosen
from controlroom.errors import UsageError
from controlroom.written import report_of

if TYPE_CHECKING:
    from controlroom.report.blocks import Document


@click.command()
@click.argument("run", required=False)
@click.option("--html", "as_html", is_flag=True, help="One HTML file with charts, for a browser or a printer.")
@click.option("--output", "-o", metavar="FILE", help="Where to; a name ending in .html asks for HTML.")
def report(run: str | None, as_html: bool, output: str | None) -> None:
    """Write a run's close-out report.

    The plan's own document with its tables and checkboxes filled in, in Markdown. Of a run that is not over it says how
    that stands.
    """
    found = report_of(chosen(run), lambda words: click.echo(f"controlroom: {words}", err=True))
    written = _written(found, as_html=as_html or (output or "").lower().endswith((".html", ".htm")))
    if output is None:
        click.echo(written, nl=False)
        return
    try:
        Path(output).write_text(written, encoding="utf-8")
    except OSError as exc:
        raise UsageError(f"{output} cannot be written: {exc.strerror}") from exc
    click.echo(f"{output}: {found.kind}, {found.status}", err=True)


def _written(found: Document, *, as_html: bool) -> str:
    if as_html:
        from controlroom.report.html import html  # noqa: PLC0415 - Markdown needs neither style nor charts

        return html(found)
    from controlroom.report.markdown import markdown  # noqa: PLC0415 - HTML does not need it

    return markdown(found)
