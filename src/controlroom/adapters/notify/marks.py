"""What is worth a mark on a dashboard: where a service's deploy or rollback begins, ends, or goes wrong; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from controlroom.adapters.json_api import Refused
from controlroom.errors import Undelivered
from controlroom.run import events as ev
from controlroom.run.notices import NoticeKind
from controlroom.run.phases import BACKWARDS, OutcomeStatus, Step
from controlroom.run.times import parse

if TYPE_CHECKING:
    from controlroom.adapters.json_api import JsonApi
    from controlroom.adapters.trouble import NoAnswer
    from controlroom.run.notices import Notice

_BEGINS: Final = frozenset({Step.DEPLOY, Step.ROLLBACK})
_ENDS: Final = frozenset({Step.VERIFY, Step.VERIFY_ROLLBACK})
_MANY_REQUESTS: Final = 429
_FIRST_OF_SERVER: Final = 500


class Mark(NamedTuple):
    """A moment (epoch seconds) of a service; `back` for a rollback, `good` unless something went wrong."""

    service: str
    at: float
    text: str
    begins: bool
    back: bool = False
    good: bool = True


def mark_of(notice: Notice) -> Mark | None:
    """The mark that a message is worth, None for most."""
    event = notice.record.event if notice.record is not None else None
    at, text = parse(notice.at).timestamp(), notice.headline
    if isinstance(event, ev.StepStarted) and event.step in _BEGINS:
        return Mark(event.service, at, text, begins=True, back=event.step in BACKWARDS)
    if isinstance(event, ev.StepFinished) and (event.step in _ENDS or event.satisfied):
        good = event.status is OutcomeStatus.PASSED
        return Mark(event.service, at, text, begins=False, back=event.step in BACKWARDS, good=good)
    if isinstance(event, ev.AlarmRaised) and event.service and notice.kind is NoticeKind.ALARM and not notice.over:
        return Mark(event.service, at, text, begins=False, good=False)
    return None


def undelivered(failure: NoAnswer, api: JsonApi, fix: str) -> Undelivered:
    """What a notifier says when `api` did not take a message; `fix` is for when its credentials are the reason."""
    if not isinstance(failure, Refused):
        return Undelivered(str(failure), perhaps=failure.sent)
    if failure.status == _MANY_REQUESTS:
        return Undelivered(str(failure), again_s=api.wait_s or None)
    if failure.status >= _FIRST_OF_SERVER:
        return Undelivered(str(failure), perhaps=True, again_s=api.wait_s or None)
    return Undelivered(str(failure), fix=fix)
