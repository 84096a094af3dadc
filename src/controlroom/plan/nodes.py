"""A plan file as a tree of text with places: YAML without types, tags, repeated keys or unbounded aliases."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from controlroom.plan.base import Plain
from controlroom.plan.problems import Path, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 40
MOST_NODES = 50_000
NULLS = ("", "~", "null", "Null", "NULL")
# libyaml's parser, where the wheel has it, is some seven times faster; both give the same events and marks.
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place: line and column, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar; `plain` when it stood without quotes."""

    value: str
    plain: bool
    mark: Mark
    written: str = ""
    """What stood there before variables were replaced, if that was something else."""

    @property
    def is_null(self) -> bool:
        """Whether it says nothing: left empty, `~` or `null`."""
        return self.plain and self.value in NULLS


@dataclass(frozen=True, slots=True)
class Seq:
    """A list."""

    items: tuple["Node", ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping; `keys` holds each key's own place."""

    values: dict[str, "Node"]
    keys: dict[str, Mark]
    mark: Mark


Node = Text | Seq | Map


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong at a mark; the loader knows the file and makes a Problem of it."""

    mark: Mark
    message: str
    hint: str = ""
    path: Path = ()
    seek: str = ""
    """What the caret is to point at, the first time that it is written at the mark or after it."""


class Unreadable(Exception):  # noqa: N818 - what the text is; the loader turns it into a PlanError
    """The text is no YAML that a plan may be written in; reading stopped there."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


def compose(text: str) -> tuple[Map, list[Flaw]]:
    """The tree of a plan's text and the flaws that did not stop the reading; Unreadable when one did."""
    try:
        root, flaws = _Composer(text).document()
    except yaml.reader.ReaderError as exc:
        before = lines_of(text[: exc.position])
        mark = Mark(len(before), len(before[-1]) + 1)
        raise Unreadable(Flaw(mark, f"a plan is text; the character U+{ord_of(exc.character):04X} is not")) from exc
    except yaml.MarkedYAMLError as exc:
        raise Unreadable(_syntax(exc, text)) from exc
    if not isinstance(root, Map):
        raise Unreadable(Flaw(root.mark, "a plan is a mapping", "begin with plan:, title: and environment:"))
    return root, flaws


def ord_of(character: Any) -> int:
    """The code of what a ReaderError calls its character: a number, a text or bytes."""
    return character if isinstance(character, int) else ord(character)


def _place(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark(1, 1)


def _syntax(exc: yaml.MarkedYAMLError, text: str) -> Flaw:
    mark = _place(exc.problem_mark or exc.context_mark)
    lines = lines_of(text)
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    said = exc.problem or exc.context or "this is no YAML"
    if re.match(r"^ *\t", line):
        return Flaw(Mark(mark.line, line.index("\t") + 1), "a tab indents this line", "YAML indents with spaces only")
    if "${" in line and re.search(r"[{\[].*\$\{", line):
        return Flaw(mark, said, 'between { } and [ ] a text that holds ${…} needs quotes: "${vars.name}"')
    if "mapping values" in said:
        return Flaw(mark, said, "a text that holds a colon and a space needs quotes")
    if "cannot start" in said:
        return Flaw(mark, said, "a text that begins with this character needs quotes")
    return Flaw(mark, said, exc.context or "")


@dataclass(slots=True)
class _Anchor:
    node: Node | None
    size: int
    height: int


class _Composer:
    def __init__(self, text: str) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))
        self._anchors: dict[str, _Anchor] = {}
        self._flaws: list[Flaw] = []
        self._count = 0

    def document(self) -> tuple[Node, list[Flaw]]:
        next(self._events)
        if not isinstance(next(self._events), yaml.DocumentStartEvent):
            raise Unreadable(Flaw(Mark(1, 1), "the file is empty", "plans/minimal.yaml is a plan to start from"))
        root, _ = self._node(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise Unreadable(Flaw(_place(after.start_mark), "a file holds one plan; here a second document begins"))
        return root, self._flaws

    def _node(self, event: Any, depth: int) -> tuple[Node, int]:
        """The node that begins with the event, and its height; `depth` is how deep it stands."""
        mark = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), mark, depth)
        self._spend(1, depth, mark)
        if event.tag is not None:
            self._flaws.append(Flaw(mark, f"the tag {event.tag} is not used in plans", "write the value alone"))
        before = self._count
        slot = _Anchor(None, 0, 0)
        if event.anchor is not None:
            self._anchors[event.anchor] = slot
        node: Node
        height = 0
        if isinstance(event, yaml.ScalarEvent):
            node = Text(event.value, event.style is None or event.style == "", mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            node, height = self._sequence(mark, depth)
        else:
            node, height = self._mapping(mark, depth)
        slot.node, slot.size, slot.height = node, self._count - before + 1, height
        return node, height

    def _spend(self, nodes: int, depth: int, mark: Mark) -> None:
        self._count += nodes
        if self._count > MOST_NODES:
            raise Unreadable(Flaw(mark, f"the plan has more than {MOST_NODES} values, aliases counted in full"))
        if depth > DEEPEST:
            raise Unreadable(Flaw(mark, f"the plan is nested more than {DEEPEST} deep"))

    def _alias(self, name: str, mark: Mark, depth: int) -> tuple[Node, int]:
        slot = self._anchors.get(name)
        if slot is None:
            raise Unreadable(Flaw(mark, f"no anchor &{name} stands before the alias *{name}"))
        if slot.node is None:
            raise Unreadable(Flaw(mark, f"the alias *{name} stands inside its own anchor"))
        self._spend(slot.size, depth + slot.height, mark)
        return slot.node, slot.height

    def _sequence(self, mark: Mark, depth: int) -> tuple[Node, int]:
        items: list[Node] = []
        height = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node, below = self._node(event, depth + 1)
            items.append(node)
            height = max(height, below + 1)
        return Seq(tuple(items), mark), height

    def _mapping(self, mark: Mark, depth: int) -> tuple[Node, int]:
        values: dict[str, Node] = {}
        keys: dict[str, Mark] = {}
        height = 0
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key, _ = self._node(event, depth + 1)
            value, below = self._node(next(self._events), depth + 1)
            height = max(height, below + 1)
            if not isinstance(key, Text):
                self._flaws.append(Flaw(key.mark, "a key is a text, not a list or a mapping"))
            elif key.plain and key.value == "<<":
                self._flaws.append(Flaw(key.mark, "merge keys are not used in plans", "an alias *name stands alone"))
            elif key.value in keys:
                first = keys[key.value].line
                self._flaws.append(Flaw(key.mark, f"the key {key.value} is here twice; first on line {first}"))
            else:
                values[key.value] = value
                keys[key.value] = key.mark
        return Map(values, keys, mark), height


def plain_value(node: Node, flaws: list[Flaw], path: Path = (), *, free: bool = False) -> Any:
    """The tree as dict, list and text, as the model reads it; an empty value is a flaw, save in JSON (`free`)."""
    inside = free or (bool(path) and path[-1] in ("json", "json_path"))
    if isinstance(node, Seq):
        return [plain_value(item, flaws, (*path, place), free=inside) for place, item in enumerate(node.items)]
    if isinstance(node, Map):
        return {key: plain_value(value, flaws, (*path, key), free=inside) for key, value in node.values.items()}
    if node.is_null:
        if not free:
            name = path[-1] if path and isinstance(path[-1], str) else "this entry"
            flaws.append(Flaw(node.mark, f"{name} is empty", "give it a value, or leave it out", path))
        return None
    return Plain(node.value) if inside and node.plain else node.value


def find(root: Node, path: Path) -> tuple[Node, bool]:
    """The node at a path, or the deepest one on the way to it; and whether the whole path was there."""
    node = root
    for part in path:
        if isinstance(node, Map) and part in node.values:
            node = node.values[str(part)]
        elif isinstance(node, Seq) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            return node, False
    return node, True


def child(node: Node | None, *keys: str) -> Node | None:
    """The value under nested keys, None where there is none."""
    for key in keys:
        node = node.values.get(key) if isinstance(node, Map) else None
    return node


def word(node: Node | None, *keys: str) -> str:
    """The text under nested keys; empty where there is none."""
    found = child(node, *keys)
    return found.value if isinstance(found, Text) and not found.is_null else ""


def items(node: Node | None) -> tuple[Node, ...]:
    """The entries of a list; none of anything else."""
    return node.items if isinstance(node, Seq) else ()


def pairs(node: Node | None) -> tuple[tuple[str, Node], ...]:
    """The keys and values of a mapping; none of anything else."""
    return tuple(node.values.items()) if isinstance(node, Map) else ()


def words(node: Node | None) -> tuple[Text, ...]:
    """The texts in a list."""
    return tuple(item for item in items(node) if isinstance(item, Text))


def by_id(entries: Node | None) -> dict[str, Node]:
    """The entries of a list by their `id`; of several with the same one, the first."""
    found: dict[str, Node] = {}
    for entry in items(entries):
        found.setdefault(word(entry, "id"), entry)
    return found
