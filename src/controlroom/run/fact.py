"""The base of all events, and the pieces that several of them carry."""

from msgspec import Struct


class Fact(Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of all events: something that has happened; the JSON form carries the class name as `type`."""


class PreflightResult(Struct, frozen=True, kw_only=True):
    """One line of the preflight table; `warn` marks what does not keep the run from starting and should be known."""

    subject: str
    ok: bool
    detail: str
    fix: str = ""
    warn: bool = False


class Evidence(Struct, frozen=True, kw_only=True):
    """One piece of what a check or an automatic item saw: what was done, what it came to, how long it took.

    `sent` and `got` are the beginnings of what went out and came back, `attempt` the item's attempt that it is of, and
    `picture` a file in the run's folder. None of them holds a secret.
    """

    title: str
    ok: bool
    detail: str
    took_s: float = 0.0
    sent: str = ""
    got: str = ""
    attempt: int = 1
    picture: str = ""
