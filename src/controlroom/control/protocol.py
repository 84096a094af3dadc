"""The words that clients and engine exchange: one JSON object a line, tagged by `type`, sizes bounded.

A client says Hello; the engine answers Welcome and one Snapshot, then Happened for every later event without a gap.
Sampled, Output and Beat are not reliable: a slow client gets the newest and misses the rest.
"""

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from controlroom.run.columns import HistoryPart
from controlroom.run.commands import Command
from controlroom.run.events import Record
from controlroom.run.samples import Sample
from controlroom.run.state import GuardStatus, RunState
from controlroom.run.trail import TrailPart

VERSION = 1
MAX_REQUEST = 64 * 1024
"""Bytes of the longest line that the engine reads."""
MAX_REPLY = 16 * 1024 * 1024
"""Bytes of the longest line that a client reads: a snapshot of 60 services is well below."""


class _Message(Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """Base of all messages."""


# -- client to engine


class Hello(_Message, frozen=True, kw_only=True):
    """Who comes: `role` is `screen`, `ctl` or `watch`; `label` is `--as NAME`; `pid` the client's own."""

    role: str
    label: str = ""
    pid: int = 0
    version: int = VERSION


class Give(_Message, frozen=True, kw_only=True):
    """A command with an id that the client made up once for it; the same id may be sent again."""

    id: str
    command: Command


class ReadLog(_Message, frozen=True, kw_only=True):
    """Up to `limit` bytes of a job's output from byte `offset`; a negative offset counts from the end."""

    id: str
    job: str
    offset: int = 0
    limit: int = 32768


class ReadHistory(_Message, frozen=True, kw_only=True):
    """What was kept of `series`: the last `columns` columns of `span_s` plan seconds that end now."""

    id: str
    series: str
    span_s: float
    columns: int


class Detach(_Message, frozen=True, kw_only=True):
    """The client leaves on purpose."""


class Ping(_Message, frozen=True, kw_only=True):
    """Echoed as Pong with the same `at`, to measure the way."""

    at: float


Request = Hello | Give | ReadLog | ReadHistory | Detach | Ping


# -- engine to client


class Welcome(_Message, frozen=True, kw_only=True):
    """The engine knows the client as `operator`; `may_drive` says whether it may give commands at all."""

    run: str
    operator: str
    may_drive: bool
    version: int = VERSION


class Snapshot(_Message, frozen=True, kw_only=True):
    """The state after `state.seq` events, newest samples and trails, and plan seconds since the run began.

    `recent` are the last events before it, for people who come late.
    """

    state: RunState
    samples: tuple[Sample, ...]
    trails: tuple[TrailPart, ...]
    elapsed_s: float
    recent: tuple[Record, ...] = ()


class Happened(_Message, frozen=True, kw_only=True):
    """The next event."""

    record: Record


class Sampled(_Message, frozen=True, kw_only=True):
    """The newest sample of each series that has a new one, and what the guards on these series make of it."""

    samples: tuple[Sample, ...]
    guards: tuple[GuardStatus, ...] = ()


class Output(_Message, frozen=True, kw_only=True):
    """Lines that the step under way printed, or a check's progress; `job` may be empty."""

    service: str
    job: str
    lines: tuple[str, ...]


class Answered(_Message, frozen=True, kw_only=True):
    """What became of a command."""

    id: str
    ok: bool
    message: str


class LogPart(_Message, frozen=True, kw_only=True):
    """A piece of a job's output from byte `offset` of `size`."""

    id: str
    job: str
    offset: int
    size: int
    text: str


class History(_Message, frozen=True, kw_only=True):
    """What was kept of a series; all columns are None where nothing was."""

    id: str
    part: HistoryPart


class Presence(_Message, frozen=True, kw_only=True):
    """Who is attached: names of drivers' screens, number of watchers."""

    screens: tuple[str, ...]
    observers: int


class Beat(_Message, frozen=True, kw_only=True):
    """Once a second: the engine lives; wall clock (epoch seconds) and plan seconds since the run began."""

    at: float
    elapsed_s: float


class Pong(_Message, frozen=True, kw_only=True):
    """The answer to Ping."""

    at: float


class Goodbye(_Message, frozen=True, kw_only=True):
    """The engine ends the connection, and why."""

    why: str


Reply = (
    Welcome | Snapshot | Happened | Sampled | Output | Answered | LogPart | History | Presence | Beat | Pong | Goodbye
)

_encoder = Encoder()
reply_decoder = Decoder(Reply)


def encode(message: Request | Reply) -> bytes:
    """One line, newline included; JSON escapes every newline inside."""
    return _encoder.encode(message) + b"\n"
