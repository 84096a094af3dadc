"""What people are told, ready to be passed on."""

from enum import StrEnum

from msgspec import Struct

from controlroom.run.events import Record


class NoticeKind(StrEnum):
    """What becomes of a message: a card gives way to a newer one, an alarm follows its cause, a detail is said once.

    A summary stands by itself, beside the card: said once, and remembered as said.
    """

    CARD = "card"
    ALARM = "alarm"
    SUMMARY = "summary"
    DETAIL = "detail"


class Notice(Struct, frozen=True, kw_only=True):
    """Something to tell people, in the plan's language; plain text, with nothing secret.

    `key` names the message that a later notice replaces. `loud` asks for somebody to be called; an alarm is `over` once
    its cause is gone. `record` is what happened, for programs; a card, and what a new engine tells, have none. `at` is
    RFC 3339.
    """

    kind: NoticeKind
    key: str
    run: str
    at: str
    headline: str
    lines: tuple[str, ...] = ()
    loud: bool = False
    over: bool = False
    acknowledged_by: str = ""
    record: Record | None = None
