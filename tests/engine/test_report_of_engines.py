"""Reports of what real engines wrote: every session of the crash sweep, whole and with an engine killed on the way."""

from __future__ import annotations

import pytest
from tests.engine.scenarios import SESSIONS
from tests.engine.test_crash_sweep import NEVER, drive

from controlroom.report.close_out import close_out
from controlroom.report.document import document
from controlroom.report.html import html
from controlroom.report.markdown import markdown


@pytest.mark.parametrize("name", SESSIONS)
@pytest.mark.parametrize("die_after", [NEVER, 12, 23])
async def test_a_report_of_every_session(name: str, die_after: int) -> None:
    """The chain holds, every engine is named, the one that died as having left without a word, and steps have ends."""
    engine, journal, deaths = await drive(SESSIONS[name](), die_after)
    await engine.stop()
    report = close_out(journal.records, version="1")
    assert report.trace.flaw == ""
    assert len(report.trace.engines) == deaths + 1
    assert [life.recovered for life in report.trace.engines] == [False, True][: deaths + 1]
    text = markdown(document(report))
    assert ("it left without a word" in text) == (deaths > 0)
    assert html(document(report)).count("<section") == 7
    assert {service.id: service.state for service in report.services} == engine.states()
    if not report.interim:
        assert all(step.ended for step in report.steps)
