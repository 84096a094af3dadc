"""What a run remembers of its plan for the report alone: where messages go, the window's hint, the words of success."""

from __future__ import annotations

from pathlib import Path

from controlroom.engine.outline import outline_of
from controlroom.plan.loader import load_plan, parse_plan

PLANS = Path(__file__).parents[3] / "plans"

MINIMAL = (PLANS / "minimal.yaml").read_text(encoding="utf-8")


def test_words_of_the_document_are_kept() -> None:
    """Channel, hint and condition of success come from the user's document, word for word."""
    plan = load_plan(PLANS / "s5-hardening.yaml").plan
    outline = outline_of(plan, lambda _: "", rehearsal=False, speed=1.0, auto_close=False)
    assert outline.channels == ("Slack #deployments",)
    assert outline.window_hint == "Ventana de bajo tráfico, ej. martes 3:00 AM UTC"
    assert outline.watch is not None
    assert outline.watch.success.endswith("si no se reportan incidentes mayores en 48 horas")


def test_addresses_of_channels_are_not_kept() -> None:
    """A webhook's URL lets anybody write there: the journal and the report know only that there is one."""
    notify = """
notify:
  - slack: {webhook: "https://hooks.example.com/secret"}
  - webhook: {url: "https://example.com/secret"}
  - pagerduty: {routing_key: secret}
"""
    plan = parse_plan(MINIMAL + notify, "plan.yaml").plan
    outline = outline_of(plan, lambda _: "", rehearsal=False, speed=1.0, auto_close=False)
    assert outline.channels == ("Slack webhook", "webhook", "PagerDuty")
