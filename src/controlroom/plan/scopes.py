"""Which `${…}` references may stand where: facts where they are known, secrets where nobody reads them."""

from collections.abc import Iterator

from controlroom.plan.nodes import Flaw, Map, Node, Seq, Text, child, items, pairs
from controlroom.plan.problems import Path
from controlroom.plan.tokens import SECRETS, Malformed, Reference, parse

_VERSIONS = frozenset({"version.from", "version.to", "version.target"})
_STEP = _VERSIONS | {"service.id", "run.id"}
_FACTS = {
    "deploy": _STEP,
    "verify": _STEP,
    "rollback": _STEP,
    "version": frozenset({"service.id"}),
    "health": frozenset({"service.id"}),
    "metrics": frozenset({"service.id"}),
}
_SMOKE = frozenset({"run.id", "run.unique"})
# Facts are resolved below these keys only; a title or an id is shown as it stands.
_RESOLVED = frozenset(
    "run http sql page browser manual env junit output query errors requests histogram gauge rate".split()  # noqa: SIM905
)
_SECRET_KEYS = frozenset("headers token dsn url webhook api_key app_key routing_key targets".split()) | frozenset(  # noqa: SIM905
    "env get post put patch delete json form body".split()  # noqa: SIM905
)
_READABLE = frozenset({"run", "expect", "capture", "query"})


def reference_flaws(root: Map) -> Iterator[Flaw]:
    """Malformed, unknown and misplaced references, but those to variables, which were replaced before."""
    for key, section in pairs(root):
        if key == "smoke":
            yield from _smoke(section)
        elif key == "services":
            for place, service in enumerate(items(section)):
                for part, value in pairs(service):
                    yield from _below(value, ("services", place, part), _FACTS.get(part, frozenset()))
        elif key not in ("vars", "rehearsal"):
            yield from _below(section, (key,), frozenset({"run.id"}) if key == "traffic" else frozenset())


def _smoke(section: Node) -> Iterator[Flaw]:
    """A request may use what the ones before it captured; the cleanup, what any did."""
    for place, item in enumerate(items(section)):
        path: Path = ("smoke", place)
        captured: set[str] = set()
        for number, request in enumerate(items(child(item, "http"))):
            yield from _below(request, (*path, "http", number), _SMOKE | captured)
            captured |= {f"capture.{name}" for name, _ in pairs(child(request, "capture"))}
        for key, value in pairs(item):
            if key != "http":
                yield from _below(value, (*path, key), _SMOKE | captured if key == "cleanup" else _SMOKE)


def _below(node: Node, path: Path, facts: frozenset[str] | set[str]) -> Iterator[Flaw]:
    if isinstance(node, Seq):
        for place, item in enumerate(node.items):
            yield from _below(item, (*path, place), facts)
    elif isinstance(node, Map):
        for key, value in node.values.items():
            if "${" in key:
                yield Flaw(node.keys[key], "a reference may stand in a value, not in a key")
            yield from _below(value, (*path, key), facts)
    else:
        yield from _text(node, path, facts)


def _text(text: Text, path: Path, facts: frozenset[str] | set[str]) -> Iterator[Flaw]:
    if "${" not in text.value:
        return
    for reference in parse(text.value):
        if isinstance(reference, Malformed):
            hint = "references: vars.NAME, env:NAME, file:/PATH, version.target, …; $${ stands for ${ itself"
            yield Flaw(text.mark, f"{reference.written} is no reference", hint, path, reference.written)
        elif reference.family in SECRETS:
            yield from _secret(text, path, reference)
        elif reference.family not in ("vars", "stage"):
            yield from _fact(text, path, reference, facts)


def _secret(text: Text, path: Path, reference: Reference) -> Iterator[Flaw]:
    if "run" in path and "env" not in path:
        message = f"{reference} in a command line can be read by every user of the machine"
        hint = "give it under env: and use it as $NAME in the command"
    elif not _SECRET_KEYS.intersection(path) or _READABLE.intersection(path):
        message = f"{reference} would be shown or stored here"
        hint = "secrets may stand in env, headers, token, dsn, keys, URLs and bodies"
    else:
        return
    yield Flaw(text.mark, message, hint, path, str(reference))


def _fact(text: Text, path: Path, reference: Reference, facts: frozenset[str] | set[str]) -> Iterator[Flaw]:
    allowed = facts if _RESOLVED.intersection(path) else frozenset()
    if reference.key not in allowed:
        hint = f"here may stand: {', '.join(sorted(allowed))}" if allowed else "no fact may stand here"
        if reference.family == "capture" and path[0] == "smoke":
            hint = f"no request before this one captures {reference.name}"
        yield Flaw(text.mark, f"{reference} has no meaning here", hint, path, str(reference))
    elif reference.family == "capture" and path[-1] == "run":
        hint = "write run: as a list of words, which no shell reads"
        yield Flaw(
            text.mark,
            f"{reference} comes from outside and may not stand in a shell command",
            hint,
            path,
            str(reference),
        )
