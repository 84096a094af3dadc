"""What must hold between the parts of a plan, checked on its tree so that it is reported along with everything else."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from controlroom.plan.nodes import Flaw, Map, Mark, Node, Text, by_id, child, items, pairs, word, words
from controlroom.plan.problems import did_you_mean
from controlroom.plan.scopes import reference_flaws
from controlroom.plan.todo import open_flaws
from controlroom.plan.wiring import wiring_flaws

RESERVED = ("all", "traffic")
_NO_ROLLBACK = "list the actions that bring the old version back, or say irreversible: true and a reason:"


def check(root: Map, *, rehearsal: bool) -> list[Flaw]:
    """Every flaw of a tree whose variables were replaced; `rehearsal` says that the overlay was laid over it."""
    flaws = [*open_flaws(root), *_ids(root), *_needs(root), *_files(root), *wiring_flaws(root), *reference_flaws(root)]
    for service in items(child(root, "services")):
        flaws += _service(service)
    if not rehearsal and word(root, "environment") == "rehearsal":
        flaws.append(Flaw(_at(root, "environment"), "environment: rehearsal is what rehearse calls its own"))
    return flaws


def _at(node: Node, *keys: str) -> Mark:
    return (child(node, *keys) or node).mark


def _ids(root: Map) -> Iterator[Flaw]:
    for section in ("services", "guards", "smoke"):
        lines: dict[str, int] = {}
        for entry in items(child(root, section)):
            name = word(entry, "id")
            mark = _at(entry, "id")
            if name in lines:
                yield Flaw(mark, f"the id {name} is here twice; first on line {lines[name]}")
            if section == "services" and name in RESERVED:
                yield Flaw(mark, f"the id {name} is reserved", "gates and commands use it for something else")
            if name:
                lines.setdefault(name, mark.line)


def _files(root: Map) -> Iterator[Flaw]:
    """Smoke tests that run at the same time must not write over each other's JUnit file."""
    writers: dict[str, str] = {}
    for item in items(child(root, "smoke")):
        path = word(item, "junit")
        if word(item, "parallel") == "true" and path.startswith("/") and "${run.unique}" not in path:
            if path in writers:
                hint = "a relative path lies in each job's own folder; the command finds it as $CONTROLROOM_JUNIT"
                yield Flaw(_at(item, "junit"), f"{writers[path]} runs in parallel and writes the same file", hint)
            writers.setdefault(path, word(item, "id"))


def _needs(root: Map) -> Iterator[Flaw]:
    services = {name: words(child(entry, "needs")) for name, entry in by_id(child(root, "services")).items()}
    for needs in services.values():
        for need in needs:
            if need.value not in services:
                hint = did_you_mean(need.value, services, otherwise="services")
                yield Flaw(need.mark, f"needs: there is no service {need.value}", hint)
    yield from _cycles({name: list(needs) for name, needs in services.items()})


def _cycles(needs: dict[str, list[Text]]) -> Iterator[Flaw]:
    """One flaw for each cycle; the need that closes it is taken out before the next search."""
    while True:
        try:
            TopologicalSorter({name: [need.value for need in of] for name, of in needs.items()}).prepare()
        except CycleError as exc:
            ring = exc.args[1][::-1]
            closing = next(need for need in needs[ring[0]] if need.value == ring[1])
            needs[ring[0]].remove(closing)
            yield Flaw(closing.mark, f"needs: go round in a circle: {' needs '.join(ring)}")
        else:
            return


def _service(service: Node) -> Iterator[Flaw]:
    name = word(service, "id") or "the service"
    irreversible = word(service, "irreversible") == "true"
    rollback = child(service, "rollback")
    if irreversible and not word(service, "reason"):
        yield Flaw(_at(service, "irreversible"), f"{name} is irreversible without a reason:", "say why in reason:")
    if irreversible and items(rollback):
        yield Flaw(_at(service, "rollback"), f"{name} is irreversible, yet has a rollback")
    if not irreversible and isinstance(service, Map) and not items(rollback) and not isinstance(rollback, Text):
        yield Flaw(_at(service, "rollback"), f"{name} has no rollback", _NO_ROLLBACK)
    if not irreversible and word(service, "reason"):
        yield Flaw(_at(service, "reason"), "reason: belongs to irreversible: true")
    yield from _version(service, name, irreversible=irreversible)


def _version(service: Node, name: str, *, irreversible: bool) -> Iterator[Flaw]:
    version = child(service, "version")
    if not isinstance(version, Map):
        return
    observed = child(version, "observe") is not None
    if word(version, "from") and word(version, "from") == word(version, "to"):
        yield Flaw(_at(version, "from"), f"from: and to: of {name} are the same version")
    is_database = word(service, "database") == "true" or bool(pairs(child(service, "database")))
    if is_database and not observed:
        hint = "observe: {sql: …} reads the newest migration"
        yield Flaw(version.mark, f"{name} is a database without version.observe", hint)
    elif not irreversible and not observed and not word(version, "from"):
        hint = "observe: reads the live version; from: declares it"
        yield Flaw(version.mark, f"{name} has neither observe: nor from:, so nothing says what to roll back to", hint)
