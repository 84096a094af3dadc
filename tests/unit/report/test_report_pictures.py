"""Pictures that checks and smoke tests took: in the HTML itself where they are small, named where they are not."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.unit.report.night import good_night

from controlroom.report.document import document
from controlroom.report.html import html
from controlroom.report.markdown import markdown
from controlroom.report.pictures import MOST_EACH, pictured
from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, SmokeState, Step
from controlroom.written import picture_in

if TYPE_CHECKING:
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
OF_ITEM, OF_CHECK = "jobs/000090-smoke-x-1/page.png", "jobs/000070-frontend-verify-look/page.png"


def test_pictures_stand_with_what_took_them() -> None:
    """Of a smoke test and of a verification, each with its caption; a check's console errors are in its row."""
    night = good_night()
    item = night.outline.smoke[0]
    page = ev.Evidence(title="browser", ok=True, detail="the page shows v2.1.0", picture=OF_ITEM)
    night.tell(ev.SmokeStarted(item=item.id))
    night.tell(ev.SmokeFinished(item=item.id, state=SmokeState.PASS, note="fine", evidence=(page,)))
    night.start_step("frontend", Step.VERIFY)
    started = ev.ActionStarted(service="frontend", step=Step.VERIFY, index=0, kind="browser", label="footer")
    seen = (
        ev.Evidence(title="browser", ok=True, detail="the page shows v2.1.0", picture=OF_CHECK),
        ev.Evidence(title="console", ok=False, detail="1 errors on the console: boom"),
    )
    night.tell(started)
    night.tell(
        ev.ActionFinished(
            service="frontend",
            step=Step.VERIFY,
            index=0,
            status=OutcomeStatus.PASSED,
            detail="the page shows v2.1.0",
            evidence=seen,
        )
    )
    asked: list[tuple[str, int]] = []

    def read(path: str, most: int) -> bytes:
        asked.append((path, most))
        return PNG if path == OF_ITEM else b""

    whole = pictured(document(night.report()), read)
    assert asked == [(OF_CHECK, MOST_EACH), (OF_ITEM, MOST_EACH)]
    page_of = html(whole)
    assert page_of.count("<img ") == 1
    assert f'src="data:image/png;base64,{base64.b64encode(PNG).decode()}" alt="{item.title}"' in page_of
    assert OF_CHECK in page_of
    assert "1 errors on the console: boom" in page_of
    text = markdown(whole)
    assert f"Frontend App: footer: `{OF_CHECK}`" in text
    assert f"{item.title}: `{OF_ITEM}`" in text


def test_nothing_but_a_picture_of_the_run_is_read(tmp_path: Path) -> None:
    """A journal that was written by a stranger leads to no other file."""
    run = tmp_path / "run"
    (run / "jobs/a").mkdir(parents=True)
    (run / "jobs/a/page.png").write_bytes(PNG)
    (run / "jobs/a/text.png").write_text("secret", encoding="utf-8")
    (tmp_path / "outside.png").write_bytes(PNG)
    (run / "jobs/a/link.png").symlink_to(tmp_path / "outside.png")
    assert picture_in(run, "jobs/a/page.png", 100) == PNG
    assert picture_in(run, "jobs/a/page.png", len(PNG) - 1) == b""
    for path in ("jobs/a/text.png", "jobs/a/link.png", "jobs/a/none.png", "../outside.png", "/etc/passwd"):
        assert picture_in(run, path, 100) == b"", path
    for path in ("jobs/../../outside.png", "jobs/a/../a/page.png", "jobs/a/page.png\n", "plan.yaml"):
        assert picture_in(run, path, 100) == b"", path
