"""The recipes of docs/cdn.md: parts of a plan as they stand, each with a way back and no secret in the open."""

import pytest
from tests.unit.plan.recipes import RECIPES, recipe

from controlroom.plan.preview import preview


def test_every_edge_has_its_recipe() -> None:
    """The four that the page promises."""
    assert list(RECIPES) == ["Amazon CloudFront", "Cloudflare", "Fastly", "Varnish"]


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_a_valid_plan(title: str) -> None:
    """With no more than a plan's head above it."""
    assert preview(recipe(title)).endswith("\n")


@pytest.mark.parametrize("title", RECIPES)
def test_the_way_back_publishes_and_invalidates_again(title: str) -> None:
    """A rollback that leaves the new page in the cache would be seen by nobody; it is verified at the edge too."""
    (frontend,) = recipe(title).services
    assert frontend.rollback == frontend.deploy
    assert frontend.deploy[0].run == ("shop-frontend", "publish", "${version.target}")
    (footer,) = frontend.verify
    assert footer.page is not None
    assert (footer.page.equals, footer.times) == ("${version.target}", 3)
    assert frontend.version.observe is not None
    assert frontend.version.observe.page is not None
    assert footer.page.url == frontend.version.observe.page.url
