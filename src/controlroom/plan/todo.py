"""What a plan leaves open: a value that begins with `TODO:` says what is missing, and no plan is valid with one."""

from collections.abc import Iterator

from controlroom.plan.nodes import Flaw, Map, Node, Seq, Text

MARK = "TODO:"
OPEN = "still to be filled in"
"""How the message of such a value begins."""


def is_open(value: object) -> bool:
    """Whether a value is yet to be given; other rules have nothing to say about it."""
    return isinstance(value, str) and value.startswith(MARK)


def open_flaws(node: Node) -> Iterator[Flaw]:
    """One for each open value; a variable's is told where it stands under vars, not where it is used."""
    if isinstance(node, Seq):
        for item in node.items:
            yield from open_flaws(item)
    elif isinstance(node, Map):
        for key, value in node.values.items():
            if key != "rehearsal":  # laid over the plan already, or not part of it
                yield from open_flaws(value)
    elif is_open(node.value) and not _is_from_a_variable(node):
        missing = node.value.removeprefix(MARK).strip() or "a value"
        yield Flaw(node.mark, f"{OPEN}: {missing}", "put it in place of the whole text, TODO: and all")


def _is_from_a_variable(text: Text) -> bool:
    return bool(text.written) and not is_open(text.written)
