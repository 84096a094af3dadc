"""What lasts for a while in a journal: holds, alarms, drivers, engines, moves of the traffic gate, anomalies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from controlroom.run import events as ev
from controlroom.run.phases import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from controlroom.run.events import Record


class HoldSpan(Struct, frozen=True, kw_only=True):
    """How long one reason held the run."""

    reason: str
    by: str
    note: str
    placed: str
    lifted: str = ""
    lifted_by: str = ""


class AlarmSpan(Struct, frozen=True, kw_only=True):
    """An alarm, from being raised to being acknowledged and over."""

    id: str
    text: str
    service: str
    suggest: str
    raised: str
    cleared: str = ""
    acknowledged: str = ""
    acknowledged_by: str = ""


class CommandGiven(Struct, frozen=True, kw_only=True):
    """What an operator asked for; `numbers` are those on screen at that moment."""

    at: str
    actor: str
    host: str
    command: str
    target: str
    reason: str
    message: str
    accepted: bool
    numbers: tuple[str, ...] = ()


class Turn(Struct, frozen=True, kw_only=True):
    """Somebody's time as the driver."""

    operator: str
    host: str
    since: str
    until: str = ""
    reason: str = ""
    lost: str = ""
    handed_over: bool = False


class TrafficMove(Struct, frozen=True, kw_only=True):
    """The traffic gate on its way; `ok` is None while it moves."""

    at: str
    to: Traffic
    why: str
    ended: str = ""
    ok: bool | None = None
    detail: str = ""


class Anomaly(Struct, frozen=True, kw_only=True):
    """More log entries than a rule allows, until they were few again."""

    rule: str
    title: str
    began: str
    count: int
    limit: float
    span_s: float
    lines: tuple[str, ...]
    ended: str = ""


class EngineLife(Struct, frozen=True, kw_only=True):
    """An engine that drove the run; `stopped` is empty when it left without a word."""

    at: str
    pid: int
    host: str
    recovered: bool
    stopped: str = ""


def holds_of(records: Iterable[Record]) -> tuple[HoldSpan, ...]:
    """Every reason that held the run; told again while it stands, it is the same one with newer words."""
    spans: list[HoldSpan] = []
    for record in records:
        event = record.event
        if not isinstance(event, ev.HoldPlaced | ev.HoldLifted):
            continue
        place = next((n for n, span in enumerate(spans) if span.reason == event.reason and not span.lifted), None)
        if isinstance(event, ev.HoldLifted):
            if place is not None:
                spans[place] = replace(spans[place], lifted=record.at, lifted_by=event.by)
        elif place is None:
            spans.append(HoldSpan(reason=event.reason, by=event.by, note=event.note, placed=record.at))
        else:
            spans[place] = replace(spans[place], note=event.note or spans[place].note)
    return tuple(spans)


def alarms_of(records: Iterable[Record]) -> tuple[AlarmSpan, ...]:
    """Every alarm; one whose cause was gone and came back is a new one."""
    spans: list[AlarmSpan] = []
    for record in records:
        event = record.event
        if not isinstance(event, ev.AlarmRaised | ev.AlarmCleared | ev.AlarmAcknowledged):
            continue
        place = next((n for n in range(len(spans) - 1, -1, -1) if spans[n].id == event.alarm), None)
        if isinstance(event, ev.AlarmRaised):
            if place is None or spans[place].cleared:
                spans.append(
                    AlarmSpan(
                        id=event.alarm,
                        text=event.text,
                        service=event.service,
                        suggest=event.suggest,
                        raised=record.at,
                    )
                )
            else:
                spans[place] = replace(spans[place], text=event.text, suggest=event.suggest)
        elif place is None:
            continue
        elif isinstance(event, ev.AlarmCleared):
            spans[place] = replace(spans[place], cleared=record.at)
        elif not spans[place].acknowledged:
            spans[place] = replace(spans[place], acknowledged=record.at, acknowledged_by=event.by)
    return tuple(spans)


def drivers_of(records: Iterable[Record]) -> tuple[Turn, ...]:
    """Who drove, one after another."""
    turns: list[Turn] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.LeaseTaken):
            if turns:
                turns[-1] = replace(turns[-1], until=record.at)
            turns.append(
                Turn(
                    operator=event.operator,
                    host=event.host,
                    since=record.at,
                    reason=event.reason,
                    handed_over=event.handed_over,
                )
            )
        elif isinstance(event, ev.OperatorLost) and turns:
            turns[-1] = replace(turns[-1], lost=record.at)
    return tuple(turns)


def engines_of(records: Iterable[Record]) -> tuple[EngineLife, ...]:
    """Every engine that took the run up."""
    lives: list[EngineLife] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.EngineStarted):
            lives.append(EngineLife(at=record.at, pid=event.pid, host=event.host, recovered=event.recovered))
        elif isinstance(event, ev.EngineStopped) and lives:
            lives[-1] = replace(lives[-1], stopped=event.why)
    return tuple(lives)


def moves_of(records: Iterable[Record]) -> tuple[TrafficMove, ...]:
    """Every time that the traffic gate was moved, or should have been."""
    moves: list[TrafficMove] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.TrafficStarted):
            moves.append(TrafficMove(at=record.at, to=event.to, why=event.why))
        elif isinstance(event, ev.TrafficFinished) and moves:
            moves[-1] = replace(moves[-1], ended=record.at, ok=event.ok, detail=event.detail)
    return tuple(moves)


def anomalies_of(records: Iterable[Record], titles: Mapping[str, str]) -> tuple[Anomaly, ...]:
    """Every log anomaly; `titles` are those of the rules."""
    found: list[Anomaly] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.AnomalyBegan):
            found.append(
                Anomaly(
                    rule=event.rule,
                    title=titles.get(event.rule, event.rule),
                    began=record.at,
                    count=event.count,
                    limit=event.limit,
                    span_s=event.span_s,
                    lines=event.lines,
                )
            )
        elif isinstance(event, ev.AnomalyEnded):
            for place in range(len(found) - 1, -1, -1):
                if found[place].rule == event.rule and not found[place].ended:
                    found[place] = replace(found[place], ended=record.at)
                    break
    return tuple(found)


def commands_of(records: Iterable[Record]) -> tuple[CommandGiven, ...]:
    """Everything that operators asked for, accepted or refused."""
    given: list[CommandGiven] = []
    for record in records:
        event = record.event
        if isinstance(event, ev.CommandAccepted | ev.CommandRefused):
            given.append(
                CommandGiven(
                    at=record.at,
                    actor=record.actor,
                    host=record.host,
                    command=event.command,
                    target=event.target,
                    reason=event.reason,
                    message=event.message,
                    accepted=isinstance(event, ev.CommandAccepted),
                    numbers=event.numbers if isinstance(event, ev.CommandAccepted) else (),
                )
            )
    return tuple(given)
