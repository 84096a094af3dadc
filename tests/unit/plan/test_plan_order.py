"""The order of services, and who depends on whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.plan.plan_texts import PLANS

from controlroom.plan.loader import load_plan
from controlroom.plan.model import Plan
from controlroom.plan.order import dependents, sequence


def plan_of(needs: dict[str, list[str]]) -> Plan:
    """A plan with these services, in this order."""
    step = {"run": "x"}
    services = [
        {
            "id": name,
            "name": name,
            "needs": of,
            "version": {"to": "2", "from": "1"},
            "deploy": [step],
            "verify": [{"manual": "look"}],
            "rollback": [step],
        }
        for name, of in needs.items()
    ]
    return Plan.model_validate({"plan": "p", "title": "t", "environment": "e", "services": services})


def ids(plan: Plan) -> list[str]:
    """The sequence by ids."""
    return [service.id for service in sequence(plan)]


def test_ties_go_in_file_order() -> None:
    """S10: what is not ordered by needs stands as in the file."""
    assert ids(plan_of({"c": [], "a": [], "b": []})) == ["c", "a", "b"]


def test_needs_come_first() -> None:
    """A service waits for all that it needs, and then takes its place in the file again."""
    assert ids(plan_of({"a": ["d"], "b": [], "c": ["a"], "d": []})) == ["b", "d", "a", "c"]


def test_a_cycle_is_an_error() -> None:
    """A plan that was not loaded may have one."""
    with pytest.raises(ValueError, match="a, b"):
        sequence(plan_of({"a": ["b"], "b": ["a"]}))


def test_dependents_are_found_through_others() -> None:
    """S14: what cascades with a service, in the order of the sequence."""
    plan = load_plan(PLANS / "s5-hardening.yaml").plan
    assert [service.id for service in dependents(plan, "catalog")] == ["orders", "frontend"]
    assert [service.id for service in dependents(plan, "database")] == ["auth", "catalog", "orders", "frontend"]
    assert dependents(plan, "frontend") == ()


@given(st.data())
def test_any_order_respects_needs(data: st.DataObject) -> None:
    """Every service once, after all that it needs, whatever the order in the file."""
    names = [f"s{number}" for number in range(data.draw(st.integers(1, 8)))]
    needs = {
        name: data.draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        for place, name in enumerate(names)
    }
    shuffled = data.draw(st.permutations(names))
    plan = plan_of({name: needs[name] for name in shuffled})
    order = ids(plan)
    assert sorted(order) == sorted(names)
    assert all(order.index(need) < order.index(name) for name in names for need in needs[name])
    for name in names:
        assert all(order.index(later.id) > order.index(name) for later in dependents(plan, name))
