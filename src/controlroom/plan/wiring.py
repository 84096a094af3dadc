"""Whether names meet: metrics and their sources, guards and their metrics, smoke tests, watch and what they name."""

import re
from collections.abc import Iterable, Iterator

from controlroom.plan import units
from controlroom.plan.nodes import Flaw, Map, Node, Text, by_id, child, items, pairs, word, words
from controlroom.plan.problems import did_you_mean
from controlroom.plan.sources import ALERT_KINDS, LOG_KINDS, METRIC_KINDS

_SCRAPED = ("histogram", "gauge", "rate")
_PROMQL = ("prometheus", "grafana")
_RANGE = re.compile(r"\[([0-9a-z]+)\]")


def wiring_flaws(root: Map) -> Iterator[Flaw]:
    """Names that lead nowhere, sources of the wrong kind, and thresholds in a unit that the metric is not in."""
    services = by_id(child(root, "services"))
    sources = dict(pairs(child(root, "sources")))
    guards = [word(guard, "id") for guard in items(child(root, "guards"))]
    for name, service in services.items():
        for metric in pairs(child(service, "metrics")):
            yield from _metric(name, metric, sources)
        for check in items(child(service, "verify")):
            yield from _metric_check(name, service, child(check, "metric"))
    for guard in items(child(root, "guards")):
        yield from _guard(guard, services, sources)
    for item in items(child(root, "smoke")):
        named = (*words(child(item, "services")), *_texts(child(item, "service")))
        yield from _unknown(named, services, "service", "services")
    yield from _unknown(words(child(root, "rollback", "stabilize", "guards")), guards, "guard", "guards")
    yield from _of_samples(root)
    yield from _watch(child(root, "watch"), services, sources, guards)


def _texts(node: Node | None) -> tuple[Text, ...]:
    return (node,) if isinstance(node, Text) else ()


def _unknown(named: Iterable[Text], known: Iterable[str], what: str, plural: str) -> Iterator[Flaw]:
    words_known = list(known)
    for text in named:
        if text.value not in words_known:
            hint = did_you_mean(text.value, words_known, otherwise=plural)
            yield Flaw(text.mark, f"there is no {what} {text.value}", hint)


def _kind(source: Node | None, kinds: tuple[str, ...]) -> str:
    return next((key for key, _ in pairs(source) if key in kinds), "")


def _of_kind(text: Text, sources: dict[str, Node], kinds: tuple[str, ...], what: str) -> Iterator[Flaw]:
    """Flaws of a reference to a source: unknown, or none that gives what is asked for."""
    if text.value not in sources:
        hint = did_you_mean(text.value, sources, otherwise="sources")
        yield Flaw(text.mark, f"there is no source {text.value}", hint)
    elif pairs(sources[text.value]) and not _kind(sources[text.value], kinds):
        yield Flaw(text.mark, f"the source {text.value} gives no {what}", f"kinds that do: {', '.join(kinds)}")


def _metric(service: str, named: tuple[str, Node], sources: dict[str, Node]) -> Iterator[Flaw]:
    name, metric = named
    for text in _texts(child(metric, "source")):
        yield from _of_kind(text, sources, METRIC_KINDS, "metrics")
    source = sources.get(word(metric, "source"))
    kind = _kind(source, METRIC_KINDS)
    keys = [key for key, _ in pairs(metric)]
    if kind == "openmetrics":
        if (query := child(metric, "query")) is not None:
            hint = "write gauge:, rate:, histogram:, or errors: and requests:"
            yield Flaw(query.mark, f"{name}: a scraped page answers no query", hint)
        targets = dict(pairs(child(source, "openmetrics", "targets")))
        if targets and service not in targets:
            mark = (child(metric, "source") or metric).mark
            yield Flaw(mark, f"{name}: the source has no target for {service}")
    elif kind:
        for key in keys:
            value = child(metric, key)
            if value is not None and (key in _SCRAPED or (key in ("errors", "requests") and isinstance(value, Map))):
                hint = "write the query in its language"
                yield Flaw(value.mark, f"{name}: {kind} is asked in queries, not series", hint)


def _limit(node: Node | None, metric: Node, name: str) -> Iterator[Flaw]:
    """A threshold must be comparable with the metric; units that are wrong in themselves are reported elsewhere."""
    for side in ("above", "below"):
        text = child(node, side)
        if not isinstance(text, Text):
            continue
        try:
            limit = units.parse_amount(text.value)
            unit = units.check_unit(word(metric, "unit"))
        except units.UnitError:
            continue
        try:
            limit.to(unit)
        except units.UnitError:
            hint = f"{name} is in {unit}" if unit else f"{name} has no unit: say unit: {limit.unit} there"
            yield Flaw(text.mark, f"{side}: {text.value} cannot be compared with {name}", hint)


def _metric_check(name: str, service: Node, check: Node | None) -> Iterator[Flaw]:
    metrics = dict(pairs(child(service, "metrics")))
    for text in _texts(child(check, "name")):
        if text.value not in metrics:
            hint = did_you_mean(text.value, metrics, otherwise="metrics")
            yield Flaw(text.mark, f"{name} has no metric {text.value}", hint)
        else:
            yield from _limit(check, metrics[text.value], text.value)


def _guard(guard: Node, services: dict[str, Node], sources: dict[str, Node]) -> Iterator[Flaw]:
    yield from _unknown(words(child(guard, "services")), services, "service", "services")
    metric = word(guard, "metric")
    seen: set[str] = set()
    for text in words(child(guard, "services")):
        if text.value in seen:
            yield Flaw(text.mark, f"{text.value} is named twice")
        seen.add(text.value)
        metrics = dict(pairs(child(services.get(text.value), "metrics")))
        if text.value in services and metric and metric not in metrics:
            hint = did_you_mean(metric, metrics, otherwise=f"metrics of {text.value}")
            yield Flaw(text.mark, f"{text.value} has no metric {metric}", hint)
        elif metric in metrics:
            yield from _limit(guard, metrics[metric], f"{metric} of {text.value}")
            source = sources.get(word(metrics[metric], "source"))
            if _kind(source, _PROMQL):
                yield from _window(guard, metrics[metric], f"{metric} of {text.value}")


def _of_samples(root: Map) -> Iterator[Flaw]:
    """After a rollback each sample counts; and without a watch nothing is judged during one."""
    unfit = {word(guard, "id"): guard for guard in items(child(root, "guards")) if _is_long(guard)}
    for text in words(child(root, "rollback", "stabilize", "guards")):
        if text.value in unfit:
            hint = "name a guard without over: and during: watch"
            yield Flaw(text.mark, f"{text.value} does not judge each sample, which stabilize waits for", hint)
    if child(root, "watch") is None:
        for guard in unfit.values():
            during = child(guard, "during")
            if during is not None and word(guard, "during") == "watch":
                yield Flaw(during.mark, "during: watch, and the plan has no watch")


def _is_long(guard: Node) -> bool:
    return child(guard, "over") is not None or word(guard, "during") == "watch"


def _window(guard: Node, metric: Node, name: str) -> Iterator[Flaw]:
    """PromQL has its window in the query; a guard that states another one would not get it."""
    asked, query = child(guard, "window"), word(metric, "requests") or word(metric, "query")
    if not isinstance(asked, Text):
        return
    try:
        written = [units.parse_duration(found) for found in _RANGE.findall(query)]
        fits = not written or units.parse_duration(asked.value) in written
    except units.UnitError:
        return
    if not fits:
        hint = f"write [{asked.value}] in the query, or leave the guard's window out"
        yield Flaw(asked.mark, f"window: {asked.value} is not that of the query for {name}", hint)


def _watch(
    watch: Node | None, services: dict[str, Node], sources: dict[str, Node], guards: list[str]
) -> Iterator[Flaw]:
    metrics = {name for service in services.values() for name, _ in pairs(child(service, "metrics"))}
    yield from _unknown(words(child(watch, "indicators")), metrics, "metric", "metrics")
    yield from _unknown(words(child(watch, "guards")), guards, "guard", "guards")
    for section, kinds in (("logs", LOG_KINDS), ("alerts", ALERT_KINDS)):
        for rule in items(child(watch, section)):
            for text in _texts(child(rule, "source")):
                yield from _of_kind(text, sources, kinds, section)
