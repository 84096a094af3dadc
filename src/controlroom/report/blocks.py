"""What a document is made of, before it is Markdown or HTML: texts with a role, tables, checklists and charts.

Texts are as they came, from the journal or from anywhere; whoever renders them makes them safe, in one place.
"""

from enum import StrEnum

from msgspec import Struct


class Tone(StrEnum):
    """How something is to be taken; never said by colour alone."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


class Role(StrEnum):
    """What a piece of text is."""

    TEXT = "text"
    STRONG = "strong"
    QUIET = "quiet"
    CODE = "code"
    BADGE = "badge"


class Piece(Struct, frozen=True):
    """A piece of text on one line."""

    text: str
    role: Role = Role.TEXT
    tone: Tone = Tone.PLAIN


Line = tuple[Piece, ...]


def text(words: str) -> Line:
    """Plain words; nothing for nothing."""
    return (Piece(words),) if words else ()


def strong(words: str) -> Line:
    """Words that stand out."""
    return (Piece(words, Role.STRONG),) if words else ()


def quiet(words: str) -> Line:
    """Words that stand back."""
    return (Piece(words, Role.QUIET),) if words else ()


def code(words: str) -> Line:
    """What a machine said or reads, letter by letter."""
    return (Piece(words, Role.CODE),) if words else ()


def badge(words: str, tone: Tone) -> Line:
    """A state."""
    return (Piece(words, Role.BADGE, tone),)


def joined(*lines: Line, by: str = " ") -> Line:
    """Those that hold anything, one after another."""
    pieces: list[Piece] = []
    for line in lines:
        if line:
            pieces += [Piece(by), *line] if pieces else line
    return tuple(pieces)


class Paragraph(Struct, frozen=True):
    """A line of its own."""

    line: Line


class Heading(Struct, frozen=True):
    """The title of what follows in a section."""

    text: str


class Facts(Struct, frozen=True):
    """Names and what they stand for; one of several lines has them one below another."""

    rows: tuple[tuple[str, tuple[Line, ...]], ...]


class Table(Struct, frozen=True):
    """Rows below a head; `shares` are the relative widths of the columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    shares: tuple[int, ...] = ()


class Tick(Struct, frozen=True):
    """A line with a box before it, and lines below it."""

    ticked: bool
    line: Line
    below: tuple[Line, ...] = ()
    tone: Tone = Tone.PLAIN


class Checklist(Struct, frozen=True):
    """Boxes, ticked or not."""

    ticks: tuple[Tick, ...]


class Callout(Struct, frozen=True):
    """What nobody may miss."""

    title: str
    lines: tuple[Line, ...]
    tone: Tone


class Tile(Struct, frozen=True):
    """One number of a summary."""

    label: str
    value: str
    note: str = ""
    tone: Tone = Tone.PLAIN


class Tiles(Struct, frozen=True):
    """The summary."""

    tiles: tuple[Tile, ...]


class Meters(Struct, frozen=True):
    """Shares of a whole, 0.0 to 1.0, and the share that each should reach."""

    head: tuple[str, str, str]
    rows: tuple[tuple[str, float], ...]
    wanted: float


class Mark(Struct, frozen=True):
    """A moment on a chart."""

    x: float
    label: str
    tone: Tone = Tone.PLAIN


class Stretch(Struct, frozen=True):
    """A time on a chart, from `x` to `end`."""

    x: float
    end: float
    label: str
    tone: Tone = Tone.PLAIN


class LineChart(Struct, frozen=True):
    """A value over time: `x` in seconds from `begins`, which is 0, to the right.

    `band` has (x, low, high) where samples were kept; `limit` is the value not to be crossed, None where there is none.
    What lies between two points farther apart than `gap_s` is not known.
    """

    title: str
    unit: str
    limit: float | None
    limit_label: str
    points: tuple[tuple[float, float], ...]
    gap_s: float
    band: tuple[tuple[float, float, float], ...] = ()
    stretches: tuple[Stretch, ...] = ()
    marks: tuple[Mark, ...] = ()


class TimelineRow(Struct, frozen=True):
    """What one service did when."""

    label: str
    bars: tuple[Stretch, ...]


class Timeline(Struct, frozen=True):
    """Rows of bars over one axis: `x` in seconds of the clock after `begins` (RFC 3339)."""

    title: str
    begins: str
    length_s: float
    rows: tuple[TimelineRow, ...]
    bands: tuple[Stretch, ...] = ()
    marks: tuple[Mark, ...] = ()
    legend: tuple[tuple[str, Tone], ...] = ()


class Picture(Struct, frozen=True):
    """A PNG in the run's folder; `content` is empty where it is too large, or not there any more."""

    path: str
    caption: str
    content: bytes = b""


Block = Paragraph | Heading | Facts | Table | Checklist | Callout | Tiles | Meters | LineChart | Timeline | Picture


class Section(Struct, frozen=True):
    """A chapter."""

    title: str
    blocks: tuple[Block, ...]


class Document(Struct, frozen=True):
    """The whole: what stands above the sections, and the sections; `made_with` goes to its foot."""

    language: str
    kind: str
    title: str
    subtitle: str
    status: str
    tone: Tone
    stamp: str
    lead: tuple[Block, ...]
    sections: tuple[Section, ...]
    made_with: str
