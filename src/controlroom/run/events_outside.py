"""What other systems say about the run, and how the run is told to others: alerts, logs, countdowns, messages."""

from controlroom.run.fact import Fact
from controlroom.run.phases import Severity


class AlertOpened(Fact, frozen=True, kw_only=True):
    """An alert source lists an alert that was not there before; `before`: it was open before the run began."""

    rule: str
    id: str
    title: str
    severity: Severity
    since: str = ""
    link: str = ""
    before: bool = False


class AlertClosed(Fact, frozen=True, kw_only=True):
    """An alert is no longer listed by its source."""

    rule: str
    id: str


class BaselineCounted(Fact, frozen=True, kw_only=True):
    """How many entries a log rule found in the `span_s` plan seconds before the run: what is normal."""

    rule: str
    count: int
    span_s: float


class AnomalyBegan(Fact, frozen=True, kw_only=True):
    """A log rule found more entries in `span_s` plan seconds than its limit; `lines` are the newest of them."""

    rule: str
    count: int
    limit: float
    span_s: float
    lines: tuple[str, ...] = ()


class AnomalyEnded(Fact, frozen=True, kw_only=True):
    """The entries of a log rule are few again."""

    rule: str
    count: int
    limit: float


class CountdownStarted(Fact, frozen=True, kw_only=True):
    """A guard rolls `service` back by itself after `for_s` plan seconds, unless an operator calls it off.

    Told again by a new engine: whoever drives has the whole time again.
    """

    guard: str
    service: str
    for_s: float


class CountdownCancelled(Fact, frozen=True, kw_only=True):
    """The guard does not roll `service` back."""

    guard: str
    service: str
    why: str


class NotifierFailed(Fact, frozen=True, kw_only=True):
    """Somebody who should be told cannot be reached; journalled once until it works again (S26)."""

    notifier: str
    why: str


class NotifierRecovered(Fact, frozen=True, kw_only=True):
    """Messages get through again."""

    notifier: str


class MessagePosted(Fact, frozen=True, kw_only=True):
    """A message that is updated later got through; `receipt` is what its notifier finds it again by."""

    notifier: str
    key: str
    receipt: str
