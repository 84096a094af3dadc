"""What a plan would do, in order, as plain text: deploys, rollbacks with their database effect, guards, watch."""

from collections.abc import Iterator

from controlroom.plan import describe
from controlroom.plan.model import Plan, Window
from controlroom.plan.order import sequence
from controlroom.plan.service import Service
from controlroom.plan.steps import Action, Check
from controlroom.plan.units import format_duration

_EFFECTS = {
    "expand-only": "the schema only grows: services can go back without it",
    "breaking": "old services do not run on the new schema",
    "unknown": "its effect on old services is not stated",
}


def preview(plan: Plan) -> str:
    """The whole preview, ending in a newline."""
    lines: list[str] = [*_head(plan)]
    for title, section in (
        ("DEPLOY in this order", _deploys(plan)),
        ("ROLLBACK of everything goes the other way", _rollbacks(plan)),
        ("GUARDS", _guards(plan)),
        ("SMOKE TESTS", _smoke(plan)),
        ("TRAFFIC", _traffic(plan)),
        ("WATCH", _watch(plan)),
    ):
        if rows := list(section):
            lines += ["", title, *rows]
    return "\n".join(lines) + "\n"


def window(plan: Plan) -> str:
    """The window in one line."""
    if isinstance(plan.window, Window):
        opens, closes = plan.window.opens, plan.window.closes
        return f"{opens:%Y-%m-%d %H:%M} to {closes:%Y-%m-%d %H:%M} {plan.window.zone}"
    if plan.window is None:
        return "none: at any time"
    return f"to be defined{f' ({plan.window_hint})' if plan.window_hint else ''}"


def _head(plan: Plan) -> Iterator[str]:
    yield f"{plan.title} [{plan.plan}]"
    yield f"  environment  {plan.environment}"
    yield f"  window       {window(plan)}"
    for role, who in plan.responsible.items():
        yield f"  {role:<11}  {who}"
    for told in plan.notify:
        yield f"  notify       {describe.notifier(told)}"
    yield f"  terminal     lost: {plan.on_disconnect}"


def _deploys(plan: Plan) -> Iterator[str]:
    for number, service in enumerate(sequence(plan), 1):
        gate = "waits at its gate" if plan.advance_of(service) == "manual" else "goes on by itself"
        needs = f", needs {', '.join(service.needs)}" if service.needs else ""
        estimate = f", about {format_duration(service.estimate)}" if service.estimate else ""
        yield f"  {number}. {service.name} [{service.id}]{needs}: {gate}{estimate}"
        yield f"     version   {service.version.from_ or 'the one observed'} → {service.version.to}"
        if service.version.observe is not None:
            yield f"     observe   {describe.observe(service.version.observe)}"
        for act in service.deploy:
            yield _filled(f"     deploy    {_limited(service, act)}", service, service.version.to)
        for asked in service.verify:
            yield _filled(f"     verify    {describe.check(asked)}{_repeated(asked)}", service, service.version.to)
        if service.health is not None:
            yield f"     health    {describe.probe(service.health)}, every {format_duration(service.health.every)}"
        for name, metric in service.metrics.items():
            yield f"     metric    {name}: {describe.metric(metric)}"


def _filled(line: str, service: Service, target: str | None) -> str:
    """The line with the facts that are known before the run."""
    known = {"${service.id}": service.id, "${version.to}": service.version.to, "${version.target}": target}
    for reference, value in known.items():
        line = line.replace(reference, value or reference)
    return line


def _limited(service: Service, act: Action) -> str:
    limits = [f"at most {format_duration(act.timeout)}"] if act.kind not in ("manual", "wait") else []
    limits += [f"{act.retries} retries"] if act.retries else []
    limits += ["never killed"] if act.kind == "run" and not service.is_killable(act) else []
    limits += [f"cancelled by {describe.action(act.cancel)}"] if act.cancel is not None else []
    told = f" ({', '.join(limits)})" if limits else ""
    return f"{describe.action(act)}{told}"


def _repeated(asked: Check) -> str:
    if asked.kind == "manual":
        return ""
    row = " in a row" if asked.consecutive else ""
    times = f"{asked.times} times{row}, every {format_duration(asked.every)}, " if asked.times > 1 else ""
    return f" ({times}at most {format_duration(asked.timeout)})"


def _rollbacks(plan: Plan) -> Iterator[str]:
    """Services in reverse, databases after all others."""
    backwards = sequence(plan)[::-1]
    for service in (*(s for s in backwards if s.database is None), *(s for s in backwards if s.database is not None)):
        asked = ": last, and only on request (--with-database)" if service.database is not None else ""
        yield f"  {service.name} [{service.id}]{asked}"
        if service.irreversible:
            yield f"     irreversible: {service.reason}"
            if service.needs and service.database is None:
                yield f"     stays live, and with it what it needs: {', '.join(service.needs)}"
        else:
            yield f"     version   {service.version.to} → {service.version.from_ or 'the one observed before the run'}"
        for act in service.rollback:
            yield _filled(f"     rollback  {_limited(service, act)}", service, service.version.from_)
        if service.database is not None:
            again = "" if service.irreversible else "one migration at a time; "
            yield f"     database  {again}{_EFFECTS[service.database.effect]}"
        else:
            yield "     database  not touched"
    if (stable := plan.rollback.stabilize) is not None:
        quiet = f" with {', '.join(stable.guards)} quiet" if stable.guards else ""
        yield f"  stable after {format_duration(stable.for_)}{quiet}"


def _guards(plan: Plan) -> Iterator[str]:
    for guard in plan.guards:
        yield f"  {guard.title or guard.id} [{guard.id}]"
        yield f"     {describe.guard(guard)}"


def _smoke(plan: Plan) -> Iterator[str]:
    for item in plan.smoke:
        covers = f", covers {', '.join(item.covers)}" if item.covers else ""
        retries = f", {item.retries + 1} attempts" if item.retries else ""
        beside = ", in parallel" if item.parallel else ""
        how = f"{'mandatory' if item.mandatory else 'optional'}{covers}{retries}{beside}"
        yield f"  [ ] {item.title} [{item.id}]: {how}"
        for step in describe.smoke(item):
            yield f"     {step}"
        if item.junit:
            yield f"     reads its results from {item.junit}"
        if item.link:
            yield f"     see {item.link}"
        for act in item.cleanup:
            yield f"     afterwards {describe.action(act)}"


def _traffic(plan: Plan) -> Iterator[str]:
    if plan.traffic is not None:
        yield "  stays closed, or is closed again, while a mandatory smoke test has not passed"
        for verb, actions in (("open", plan.traffic.open), ("close", plan.traffic.close)):
            for act in actions:
                yield f"  {verb:<7}  {describe.action(act)}"
        if plan.traffic.observe is not None:
            yield f"  observe  {describe.observe(plan.traffic.observe)} = {plan.traffic.observe.open} when open"


def _watch(plan: Plan) -> Iterator[str]:
    watch = plan.watch
    if watch is None:
        return
    yield f"  for {format_duration(watch.for_)}, at least {format_duration(watch.at_least or watch.for_)}"
    if watch.indicators:
        yield f"  indicators  {', '.join(watch.indicators)}, with data for {watch.coverage:g}% of the time"
    for rule in watch.logs:
        yield f"  logs        {describe.log_rule(rule)}"
    for alert in watch.alerts:
        yield f"  alerts      {describe.alert_rule(alert)}"
    if watch.success:
        yield f"  success     {watch.success}"
