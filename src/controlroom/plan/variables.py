"""`${vars.NAME}` and `${stage.NAME}`: replaced in the tree when the plan is loaded, before anything is typed."""

import re
from collections.abc import Mapping
from dataclasses import replace

from controlroom.plan.nodes import Flaw, Map, Mark, Node, Seq, Text, Unreadable
from controlroom.plan.problems import did_you_mean
from controlroom.plan.tokens import TOKEN, Reference, read

MOST_TEXT = 4_000_000
"""Characters that all replaced texts of a plan may have together."""


def substitute(root: Map, stage: Mapping[str, str] | None) -> tuple[Map, list[Flaw]]:
    """The tree with variables and stage references replaced, and what could not be.

    `stage` maps the stage's names (`auth.url`) to values; None: the plan is read for production, where none may stand.
    The overlay itself is left as it is.
    """
    filler = _Filler({}, stage)
    values: dict[str, Node] = {}
    if isinstance(given := root.values.get("vars"), Map):
        values["vars"] = filler.node(given, in_vars=True)
        filler.variables.update(_texts(values["vars"]))
    for key, value in root.values.items():
        if key not in values:
            values[key] = value if key == "rehearsal" else filler.node(value)
    return replace(root, values=values), filler.flaws


def _texts(node: Node) -> dict[str, str]:
    entries = node.values.items() if isinstance(node, Map) else ()
    return {key: value.value for key, value in entries if isinstance(value, Text)}


class _Filler:
    def __init__(self, variables: dict[str, str], stage: Mapping[str, str] | None) -> None:
        self.variables = variables
        self.flaws: list[Flaw] = []
        self._stage = stage
        self._spent = 0

    def node(self, node: Node, *, in_vars: bool = False) -> Node:
        if isinstance(node, Seq):
            return replace(node, items=tuple(self.node(item, in_vars=in_vars) for item in node.items))
        if isinstance(node, Map):
            return replace(node, values={key: self.node(inner, in_vars=in_vars) for key, inner in node.values.items()})
        return self._text(node, in_vars=in_vars) if "${" in node.value else node

    def _text(self, node: Text, *, in_vars: bool) -> Text:
        def fill(match: re.Match[str]) -> str:
            reference = read(match) if match[0] != "$${" else None
            if not isinstance(reference, Reference) or reference.family not in ("vars", "stage"):
                return match[0]
            value, flaw = self._value(reference, node.mark, in_vars=in_vars)
            if flaw is not None:
                self.flaws.append(flaw)
            return match[0] if value is None else value

        filled = TOKEN.sub(fill, node.value)
        self._spent += len(filled)
        if self._spent > MOST_TEXT:
            raise Unreadable(Flaw(node.mark, f"variables make the plan longer than {MOST_TEXT} characters"))
        return replace(node, value=filled, written=node.value) if filled != node.value else node

    def _value(self, reference: Reference, mark: Mark, *, in_vars: bool) -> tuple[str | None, Flaw | None]:
        seek = str(reference)
        if reference.family == "stage":
            if self._stage is None:
                hint = "the stage exists in a rehearsal only"
                return None, Flaw(mark, f"{reference} stands outside rehearsal:", hint, seek=seek)
            if reference.name in self._stage:
                return self._stage[reference.name], None
            hint = did_you_mean(reference.name, self._stage, otherwise="the stage has")
            return None, Flaw(mark, f"{reference}: the stage has no {reference.name}", hint, seek=seek)
        if in_vars:
            return None, Flaw(mark, f"{reference}: a variable may not refer to another", seek=seek)
        if reference.name in self.variables:
            return self.variables[reference.name], None
        hint = did_you_mean(reference.name, self.variables, otherwise="vars")
        return None, Flaw(mark, f"{reference}: vars: has no {reference.name}", hint, seek=seek)
