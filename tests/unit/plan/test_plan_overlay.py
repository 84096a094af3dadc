"""The rehearsal overlay: what is merged, what is replaced, and what no longer counts."""

from pathlib import Path

import pytest
from tests.unit.plan.plan_texts import GOOD, HERE, PLANS, expected_place

from controlroom.errors import NotRehearsable
from controlroom.plan.loader import load_plan, parse_plan, validate_plan
from controlroom.plan.overlay import STAGES, placeholders
from controlroom.plan.problems import InvalidPlan
from controlroom.plan.references import secrets_of, texts

STAGE = {name: f"value-of-{name}" for name in STAGES["shop"]}
OVERLAY = """\
rehearsal:
  stage: shop
  vars: {api: "${stage.auth.url}"}
  sources:
    stats: {openmetrics: {url: "${stage.auth.url}/metrics"}}
  services:
    site:
      version: {from: "2.8"}
      deploy: [{run: deploy site}]
      rollback: [{run: deploy site}]
  guards:
    errors: {for: 1m}
  smoke:
    signup: {manual: Sign up by hand.}
  watch: {logs: []}
"""


def rehearsed(overlay: str = OVERLAY) -> str:
    """The good plan with an overlay."""
    return GOOD + overlay


def test_what_the_overlay_writes_replaces_the_plans_own() -> None:
    """Variables by name, entries by id, their keys one by one; the rest of the plan stays."""
    plan = parse_plan(rehearsed(), "plan.yaml", STAGE).plan
    assert plan.environment == "rehearsal"
    assert plan.rehearsal is None
    site, api = plan.service("site"), plan.service("api")
    assert (site.version.from_, site.version.to) == ("2.8", "2.10")
    assert [action.run for action in site.deploy] == ["deploy site"]
    assert [check.manual for check in site.verify] == ["Look at it."]
    assert api.version.observe is not None
    assert api.version.observe.http is not None
    assert api.version.observe.http.url == "value-of-auth.url/health"
    (guard,) = plan.guards
    assert (guard.for_, guard.metric) == (60.0, "error_rate")
    assert (plan.smoke[0].kind, plan.smoke[0].title) == ("manual", "Sign up")
    assert plan.watch is not None
    assert (plan.watch.for_, plan.watch.logs) == (172_800.0, ())
    assert set(plan.sources) == {"stats"}


def test_what_the_overlay_replaced_is_not_required() -> None:
    """S30: the secrets of production are not needed to rehearse."""
    assert [secret.name for secret in secrets_of(parse_plan(GOOD, "plan.yaml").plan)] == ["PUBLISH_TOKEN"]
    assert secrets_of(parse_plan(rehearsed(), "plan.yaml", STAGE).plan) == ()


def test_production_does_not_see_the_overlay() -> None:
    """The same text read for production is the plan as it was."""
    plan = parse_plan(rehearsed(), "plan.yaml").plan
    assert plan.environment == "production"
    assert plan.service("site").version.from_ == "2.9"
    assert plan.rehearsal is not None


def test_a_plan_without_an_overlay_is_not_rehearsable() -> None:
    """Exit 2, saying what is missing."""
    with pytest.raises(NotRehearsable, match=r"plan\.yaml: this plan cannot be rehearsed") as error:
        parse_plan(GOOD, "plan.yaml", STAGE)
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("overlay", "message"),
    [
        (f"rehearsal:\n  stage: {HERE}market\n", "stage: 'market' is not one of shop"),
        (f"rehearsal: {HERE}shop\n", "rehearsal: a mapping is needed here"),
        (f"rehearsal:\n  stage: shop\n  {HERE}environment: test\n", "unknown key environment"),
        (f"rehearsal:\n  stage: shop\n  services: {{{HERE}sight: {{}}}}\n", "the plan has no sight to lay this over"),
        (f"rehearsal:\n  stage: shop\n  services: {HERE}[a]\n", "in rehearsal: this is a mapping of ids"),
        (f"rehearsal:\n  stage: shop\n  services: {{site: {{{HERE}id: x}}}}\n", "an overlay cannot change an id"),
        (f"rehearsal:\n  stage: shop\n  services: {{site: {HERE}x}}\n", "site: a mapping is needed here"),
        (f"rehearsal:\n  stage: shop\n  services: {{site: {{{HERE}depoy: []}}}}\n", "unknown key depoy"),
        (f"rehearsal:\n  stage: shop\n  services: {{site: {{deploy: {HERE}[]}}}}\n", "deploy: at least one entry"),
        (f'rehearsal:\n  stage: shop\n  vars: {{api: "{HERE}${{stage.auth.uri}}"}}\n', "the stage has no auth.uri"),
        (f"rehearsal:\n  stage: shop\n  watch: {{for: {HERE}1 hour}}\n", "for: '1 hour' is no duration"),
        (f"rehearsal:\n  stage: shop\n  guards: {{errors: {{above: {HERE}9ms}}}}\n", "above: 9ms cannot be compared"),
        (f"rehearsal:\n  stage: shop\n  sources: {{x: {HERE}1}}\n", "x: a mapping is needed here"),
    ],
)
def test_validate_checks_the_overlay_at_its_own_place(overlay: str, message: str, tmp_path: Path) -> None:
    """A mistake in the overlay is shown in the overlay, without starting a stage."""
    text, line, column = expected_place(rehearsed(overlay))
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidPlan) as error:
        validate_plan(path)
    matching = [problem for problem in error.value.problems if message in problem.message]
    assert matching, str(error.value)
    assert (line, column) in [(problem.line, problem.column) for problem in matching]


def test_problems_of_both_readings_are_told_once() -> None:
    """What is wrong in production and in the rehearsal alike is one problem."""
    with pytest.raises(InvalidPlan) as error:
        parse_plan(rehearsed().replace("title: Two services\n", "titel: x\n"), "plan.yaml", STAGE)
    assert [problem.message for problem in error.value.problems] == ["title is missing", "unknown key titel"]


def test_a_plan_that_is_wrong_only_in_production_can_still_be_rehearsed() -> None:
    """The overlay replaces the wrong part, so the rehearsal runs; validate still tells."""
    text = rehearsed().replace(
        '      - run: [publish, "${version.target}"]\n        env', "      - run: []\n        env"
    )
    assert parse_plan(text, "plan.yaml", STAGE).plan.environment == "rehearsal"
    with pytest.raises(InvalidPlan, match="needs a shell command"):
        parse_plan(text, "plan.yaml")


def test_the_placeholders_name_all_that_the_stage_has() -> None:
    """What validate puts in for a stage has the names that the stage has."""
    assert set(placeholders("shop")) == set(STAGES["shop"])


def test_the_shipped_plan_rehearses_on_any_stage_values() -> None:
    """The overlay of the user's plan is complete: no secret and no production address is left."""
    plan = load_plan(PLANS / "s5-hardening.yaml", STAGE).plan
    assert secrets_of(plan) == ()
    assert not [text for path, text in texts(plan) if path[0] != "vars" and "internal" in text]
