"""Faults: what can be made to go wrong on the stage, and the words that name it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from controlroom.errors import UsageError
from controlroom.rehearsal.release import NEW, SERVICES, VERSIONS

_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)%")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_SPEC: Final = re.compile(r"(?P<target>[a-z]+)(?:@(?P<version>[^:]*))?:(?P<kind>[a-z-]+)(?:=(?P<value>.*))?")

KNOWN: Final = {
    "SERVICE:errors=PERCENT": "that share of the requests answers 500",
    "SERVICE:latency=DURATION": "every request takes that much longer",
    "SERVICE:health=degraded": "/health answers 503",
    "SERVICE:crash[=DURATION]": "the process exits that long (1s) after it went live",
    "orders:status=broken": "orders cannot say what became of an order",
    "database:migration-fails": "migration 42 fails",
    "frontend:stale-cdn": "invalidating the edge has no effect",
    "metrics:gap": "every /metrics answers 503",
    "deploy:SERVICE=slow|hang|fail": "a deploy takes 5 s longer, never returns, or fails",
}
"""Every form of a fault and what it does. SERVICE is one of auth, catalog, orders, frontend."""

_PLAIN: Final = frozenset({("database", "migration-fails"), ("frontend", "stale-cdn"), ("metrics", "gap")})
_DEPLOY_VALUES: Final = frozenset({"slow", "hang", "fail"})


class FaultError(UsageError):
    """The words name no fault of the stage."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `version` is the release that it hits, `value` is empty where the kind takes none."""

    target: str
    kind: str
    value: str
    version: str

    @property
    def key(self) -> str:
        """What the fault is about, without how much; one of a key is on at a time."""
        at = "" if self.version == NEW else f"@{self.version}"
        return f"{self.target}{at}:{self.kind}"

    def __str__(self) -> str:
        return f"{self.key}={self.value}" if self.value else self.key


def parse_fault(text: str) -> Fault:
    """Read `TARGET[@VERSION]:KIND[=VALUE]`, for instance `orders:errors=8%` or `orders@v2.0.0:errors=8%`.

    Without a version the fault hits the new one only. Raises FaultError, which lists the known faults.
    """
    match = _SPEC.fullmatch(text.strip())
    if match is None:
        raise _unknown(text, "a fault reads TARGET:KIND or TARGET:KIND=VALUE")
    target, version, kind, value = match["target"], match["version"], match["kind"], match["value"] or ""
    if version is not None and version not in VERSIONS:
        raise _unknown(text, f"the stage has the versions {' and '.join(VERSIONS)}")
    fault = Fault(target, kind, value, version or NEW)
    plain = (target, kind) in _PLAIN
    if plain and (value or version is not None):
        raise _unknown(text, f"{target}:{kind} takes neither a version nor a value")
    problem = None if plain else _problem(fault)
    if problem:
        raise _unknown(text, problem)
    return fault


def _problem(fault: Fault) -> str | None:
    """What is wrong with a fault of a service or of a deploy, or None."""
    value = fault.value
    match (fault.target, fault.kind):
        case ("deploy", service) if service in SERVICES:
            return None if value in _DEPLOY_VALUES else "a deploy is slow, hang or fail"
        case (service, "errors") if service in SERVICES:
            return None if _valid_share(value) else "errors takes a share above 0% and up to 100%, like errors=8%"
        case (service, "latency") if service in SERVICES:
            return None if _DURATION.fullmatch(value) else "latency takes a duration, like latency=900ms"
        case (service, "health") if service in SERVICES:
            return None if value == "degraded" else "health can only be degraded"
        case (service, "crash") if service in SERVICES:
            return None if not value or _DURATION.fullmatch(value) else "crash takes a duration, like crash=10s"
        case ("orders", "status"):
            return None if value == "broken" else "status can only be broken"
    return f"the stage has no {fault.target}:{fault.kind}"


def _unknown(text: str, why: str) -> FaultError:
    forms = "\n".join(f"  {form:<32} {meaning}" for form, meaning in KNOWN.items())
    return FaultError(f"fault {text!r}: {why}. Known faults (SERVICE is {', '.join(SERVICES)}):\n{forms}")


def _valid_share(value: str) -> bool:
    match = _PERCENT.fullmatch(value)
    return match is not None and 0 < Fraction(match[1]) <= 100  # noqa: PLR2004 - per cent


def seconds(value: str) -> float:
    """`900ms` or `2s` in seconds."""
    match = _DURATION.fullmatch(value)
    if match is None:
        raise FaultError(f"{value!r} is no duration")
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


class FaultBoard:
    """The faults that are on."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._on = {fault.key: fault for fault in faults}

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._on.values())

    def switch_on(self, fault: Fault) -> None:
        """Switch `fault` on, in place of one with the same key."""
        self._on[fault.key] = fault

    def switch_off(self, text: str) -> Fault:
        """Switch off the fault that `text` names, its value left out or not; FaultError when it is not on."""
        try:
            return self._on.pop(text.strip().partition("=")[0])
        except KeyError:
            on = ", ".join(self.listed()) or "none"
            raise FaultError(f"fault {text!r} is not on (on: {on})") from None

    def listed(self) -> list[str]:
        """The faults that are on, as they are written."""
        return [str(fault) for fault in self._on.values()]

    def has(self, text: str) -> bool:
        """Whether exactly this fault is on."""
        return text in self.listed()

    def of_service(self, service: str, version: str) -> list[str]:
        """The faults that the process of `service` at `version` has to act out."""
        return [
            str(fault)
            for fault in self._on.values()
            if (fault.target == service and fault.version == version) or fault.target == "metrics"
        ]

    def of_deploy(self, service: str, version: str) -> str | None:
        """How a deploy of `version` goes wrong: slow, hang, fail, or None."""
        for fault in self._on.values():
            if (fault.target, fault.kind, fault.version) == ("deploy", service, version):
                return fault.value
        return None


class Conditions:
    """What one service process acts out, decided request by request without chance."""

    def __init__(self, faults: Iterable[str] = ()) -> None:
        self.degraded = self.gap = self.broken = False
        self.latency_s = 0.0
        self.crash_after_s: float | None = None
        self._share = Fraction(0)
        self._requests = 0
        self.set(faults)

    def set(self, faults: Iterable[str]) -> None:
        """Act out exactly `faults` from now on; another share of errors begins its count of requests anew."""
        on = {fault.kind: fault.value for fault in map(parse_fault, faults)}
        self.degraded, self.gap, self.broken = "health" in on, "gap" in on, "status" in on
        self.latency_s = seconds(on["latency"]) if "latency" in on else 0.0
        self.crash_after_s = seconds(on["crash"] or "1s") if "crash" in on else None
        share = Fraction(on["errors"].rstrip("%")) / 100 if "errors" in on else Fraction(0)
        if share != self._share:
            self._share, self._requests = share, 0

    def next_fails(self) -> bool:
        """Whether the next request fails: number k of share p does when floor(k*p) > floor((k-1)*p)."""
        self._requests += 1
        k, p = self._requests, self._share
        return k * p // 1 > (k - 1) * p // 1
