"""What a run remembers of its plan: here, how long things take."""

from __future__ import annotations

import pytest
from tests.unit.plan.plan_texts import PLANS

from controlroom.engine.outline import outline_of
from controlroom.plan.loader import parse_plan

TEXT = (PLANS / "minimal.yaml").read_text(encoding="utf-8")
DEPLOY = "      - run: systemctl restart api@${version.target}      # text: /bin/sh -ec\n"
ROLLBACK = "    rollback:                   # here ${version.target} is the version from before\n"


@pytest.mark.parametrize(
    ("estimate", "bake", "back", "expected"),
    [
        ("", "", "", (60, 60)),
        ("8m", "", "", (480, 480)),
        ("62m", "1h", "", (3720, 120)),
        ("62m", "1h", "30s", (3720, 150)),
        ("1h", "1h", "", (3600, 60)),
        ("", "1h", "", (60, 60)),
    ],
)
def test_the_way_back_does_not_bake(estimate: str, bake: str, back: str, expected: tuple[float, float]) -> None:
    """S15: a rollback takes as long as the deploy without what that only waited; its own waits count."""
    assert DEPLOY in TEXT
    assert ROLLBACK in TEXT
    text = TEXT.replace(DEPLOY, DEPLOY.replace("- run", f"- wait: {bake}\n      - run") if bake else DEPLOY)
    text = text.replace(ROLLBACK, f"{ROLLBACK}      - wait: {back}\n" if back else ROLLBACK)
    if estimate:
        text = text.replace("    name: The API\n", f"    name: The API\n    estimate: {estimate}\n")
    outline = outline_of(parse_plan(text, "p").plan, lambda _: "", rehearsal=False, speed=1.0, auto_close=False)
    api = outline.service("api")
    assert (api.estimate_s, api.rollback_estimate_s) == expected
