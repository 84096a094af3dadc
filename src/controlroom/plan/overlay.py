"""The rehearsal overlay: laid over the plan's tree before anything else, so that every value keeps its own place.

`vars` and `metrics` are merged name by name, `services`, `guards` and `smoke` entry by entry under their id,
and of an entry or a section its keys one by one; what stands at a key replaces what the plan has there, whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from controlroom.plan.nodes import Flaw, Map, Node, Seq, Text
from controlroom.plan.observation import SmokeItem
from controlroom.plan.problems import did_you_mean

STAGES: Mapping[str, tuple[str, ...]] = {
    "shop": (
        "auth.url",
        "catalog.url",
        "orders.url",
        "frontend.url",
        "edge.url",
        "edge.public",
        "edge.admin",
        "database.dsn",
    ),
}
"""Each stage's references, without the leading `stage.`; the values are known once it runs."""

Merge = Callable[[Node, Node, list[Flaw]], Node]


def placeholders(stage: str) -> dict[str, str]:
    """Values that stand for a stage's own, to check an overlay without starting the stage."""
    port = "http://127.0.0.1:9"
    return {name: "postgresql://127.0.0.1:9/shop" if name.endswith(".dsn") else port for name in STAGES[stage]}


def lay_over(root: Map) -> tuple[Map, list[Flaw]]:
    """The plan as the rehearsal runs it; `root` must have a `rehearsal` mapping."""
    overlay = root.values["rehearsal"]
    flaws: list[Flaw] = []
    values = {key: value for key, value in root.values.items() if key != "rehearsal"}
    keys = {key: mark for key, mark in root.keys.items() if key != "rehearsal"}
    mark = root.keys["rehearsal"]
    values["environment"] = Text("rehearsal", plain=True, mark=mark)
    keys.setdefault("environment", mark)
    if not isinstance(overlay, Map):
        return Map(values, keys, root.mark), flaws
    for key, over in overlay.values.items():
        merge = _SECTIONS.get(key)
        if key == "stage" or (merge is None and key not in _REPLACED):
            continue
        values[key] = merge(values[key], over, flaws) if merge is not None and key in values else over
        keys[key] = overlay.keys[key]
    return Map(values, keys, root.mark), flaws


def _by_key(base: Node, over: Node, _flaws: list[Flaw]) -> Node:
    """Each key of the overlay replaces the plan's."""
    if not (isinstance(base, Map) and isinstance(over, Map)):
        return over
    return Map({**base.values, **over.values}, {**base.keys, **over.keys}, base.mark)


def _service(base: Node, over: Node, flaws: list[Flaw]) -> Node:
    merged = _by_key(base, over, flaws)
    if not (isinstance(base, Map) and isinstance(over, Map) and isinstance(merged, Map)):
        return over
    deeper: dict[str, Node] = {
        key: _by_key(base.values[key], over.values[key], flaws)
        for key in ("version", "metrics")
        if key in base.values and key in over.values
    }
    return replace(merged, values={**merged.values, **deeper})


def _smoke(base: Node, over: Node, flaws: list[Flaw]) -> Node:
    """An item of another kind drops the plan's kind."""
    merged = _by_key(base, over, flaws)
    if not (isinstance(over, Map) and isinstance(merged, Map)) or not set(over.values) & set(SmokeItem.KINDS):
        return merged
    dropped = set(SmokeItem.KINDS) - set(over.values)
    return replace(merged, values={key: value for key, value in merged.values.items() if key not in dropped})


def _by_id(entry: Merge) -> Merge:
    """Entries of the plan's list, merged with the overlay's mapping of id → entry."""

    def merge(base: Node, over: Node, flaws: list[Flaw]) -> Node:
        if not isinstance(base, Seq):
            return base
        if not isinstance(over, Map):
            hint = "write id: {key: value} for each entry that differs"
            flaws.append(Flaw(over.mark, "in rehearsal: this is a mapping of ids", hint))
            return base
        places = {entry_id(item): place for place, item in enumerate(base.items)}
        items = list(base.items)
        for name, changed in over.values.items():
            if name not in places:
                hint = did_you_mean(name, (known for known in places if known), otherwise="ids")
                flaws.append(Flaw(over.keys[name], f"the plan has no {name} to lay this over", hint))
            elif not isinstance(changed, Map):
                flaws.append(Flaw(changed.mark, f"{name}: a mapping is needed here", "write key: value pairs"))
            elif "id" in changed.values:
                flaws.append(Flaw(changed.keys["id"], "an overlay cannot change an id"))
            else:
                items[places[name]] = entry(items[places[name]], changed, flaws)
        return Seq(tuple(items), base.mark)

    return merge


def entry_id(node: Node) -> str:
    """The `id` of an entry in a list; empty when it has none."""
    found = node.values.get("id") if isinstance(node, Map) else None
    return found.value if isinstance(found, Text) else ""


_SECTIONS: Mapping[str, Merge] = {
    "vars": _by_key,
    "services": _by_id(_service),
    "guards": _by_id(_by_key),
    "smoke": _by_id(_smoke),
    "rollback": _by_key,
    "traffic": _by_key,
    "watch": _by_key,
}
_REPLACED = ("title", "window", "responsible", "notify", "sources", "advance", "on_disconnect", "blind_after")
