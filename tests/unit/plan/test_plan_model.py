"""What the typed plan offers beyond its fields."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from tests.unit.plan.plan_texts import GOOD, PLANS, edited, good

from controlroom.plan.loader import load_plan
from controlroom.plan.model import Window
from controlroom.plan.observation import SmokeItem
from controlroom.plan.preview import preview
from controlroom.plan.references import texts
from controlroom.plan.requests import HttpCheck
from controlroom.plan.steps import Check


def test_a_plan_is_frozen() -> None:
    """Nothing changes a plan during a run."""
    plan = good().plan
    with pytest.raises(ValidationError, match="frozen"):
        plan.title = "other"


def test_versions_are_text() -> None:
    """2.10 is not 2.1, quoted or not."""
    assert good(edited('{to: "2.10", from: "2.9"}', "{to: 2.10, from: 2.9}")).plan.service("site").version.to == "2.10"


def test_json_bodies_have_types() -> None:
    """In JSON, bare numbers and words are typed, quoted ones are text."""
    text = edited(
        '{email: "${run.unique}@example.com"}', '{n: 1, x: -1.5e3, t: true, z: null, q: "1", v: 2.10, w: 007}'
    )
    request = (good(text).plan.smoke[0].http or ())[0]
    assert request.json_ == {"n": 1, "x": -1500.0, "t": True, "z": None, "q": "1", "v": 2.1, "w": "007"}


def test_texts_are_exactly_str() -> None:
    """No text of a plan is of a kind of its own, which a codec would not know."""
    plan = load_plan(PLANS / "s5-hardening.yaml").plan
    assert {type(text) for _, text in texts(plan)} == {str}


@pytest.mark.parametrize(
    ("window", "opens", "closes"),
    [
        ("UTC", datetime(2026, 12, 1, 23, tzinfo=UTC), datetime(2026, 12, 2, 1, tzinfo=UTC)),
        ("Europe/Madrid", datetime(2026, 12, 1, 22, tzinfo=UTC), datetime(2026, 12, 2, 0, tzinfo=UTC)),
        ("America/Bogota", datetime(2026, 12, 2, 4, tzinfo=UTC), datetime(2026, 12, 2, 6, tzinfo=UTC)),
    ],
)
def test_a_window_may_cross_midnight_in_its_zone(window: str, opens: datetime, closes: datetime) -> None:
    """S19: local times of an IANA zone, as moments."""
    text = f"window: {{opens: 2026-12-01T23:00, closes: 2026-12-02T01:00, zone: {window}}}"
    plan = good(edited("environment: production", f"environment: production\n{text}")).plan
    assert isinstance(plan.window, Window)
    assert plan.window.span == (opens, closes)
    assert f"2026-12-01 23:00 to 2026-12-02 01:00 {window}" in preview(plan)


def test_a_window_over_a_clock_change_is_as_long_as_it_is() -> None:
    """S19: the night the clocks go back, 01:00 to 04:00 in Madrid is four hours."""
    text = "window: {opens: 2026-10-25T01:00, closes: 2026-10-25T04:00, zone: Europe/Madrid}"
    window = good(edited("environment: production", f"environment: production\n{text}")).plan.window
    assert isinstance(window, Window)
    opens, closes = window.span
    assert (closes - opens).total_seconds() == 4 * 3600


def test_both_forms_of_an_http_check_are_one_request() -> None:
    """The short form is a GET with expectations."""
    short = Check.model_validate({"http": {"url": "http://x", "json": {"a": "b"}, "status": "204"}}).http
    full = Check.model_validate({"http": {"get": "http://x", "expect": {"json": {"a": "b"}, "status": ["204"]}}}).http
    assert isinstance(short, HttpCheck)
    assert full is not None
    assert short.request == full.request
    assert (full.request.method, full.request.url) == ("GET", "http://x")


def test_advance_is_the_plans_unless_the_service_says() -> None:
    """S10: a service may go on by itself in a plan that waits."""
    plan = good(edited("    needs: [api]", "    needs: [api]\n    advance: auto")).plan
    assert [plan.advance_of(service) for service in plan.services] == ["manual", "auto"]


def test_services_are_found_by_id() -> None:
    """An unknown id is a KeyError."""
    with pytest.raises(KeyError):
        good().plan.service("nobody")


def test_a_smoke_item_covers_what_it_names() -> None:
    """One service, several, or all."""
    item = {"id": "a", "title": "A", "manual": "look"}
    assert SmokeItem.model_validate(item).covers == ()
    assert SmokeItem.model_validate({**item, "service": "x", "services": ["y"]}).covers == ("x", "y")


def test_irreversible_services_say_why_in_the_preview() -> None:
    """S14: what cannot go back is explained before anybody asks."""
    text = edited(
        '    rollback:\n      - run: [publish, "${version.target}"]\n',
        "    irreversible: true\n    reason: the page is printed\n",
    )
    assert "     irreversible: the page is printed" in preview(good(text).plan).split("\n")


def test_a_command_on_several_lines_is_shown_on_one() -> None:
    """The preview joins continued lines and separates commands."""
    text = edited(
        "      - run: deploy api ${version.target}\n        timeout: 5m",
        "      - run: |\n          first \\\n            --flag\n          second\n        retries: 2",
    )
    assert "     deploy    run first --flag; second (at most 10m, 2 retries)" in preview(good(text).plan).split("\n")


def test_the_hash_is_of_the_text_as_it_was_read() -> None:
    """S29: one changed character is another plan."""
    assert good().sha256 == good(GOOD).sha256
    assert good().sha256 != good(f"{GOOD}\n").sha256
