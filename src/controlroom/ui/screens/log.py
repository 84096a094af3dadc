"""The log of a job: followed as it grows, scrolled and searched piece by piece, so that its length does not matter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.errors import ControlroomError
from controlroom.ui.presenter.text import Line, Span, Tone, clean, fit, lit
from controlroom.ui.reading import LogReader
from controlroom.ui.screens.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from controlroom.ui.presenter.view import View
    from controlroom.ui.reading import Read

BOTTOM = 1 << 40
KILOBYTE, MEGABYTE = 1000, 1_000_000


class LogPage(Pager):
    """`/` searches upwards, `n` goes on, `f` or `end` follows, `home` goes to the beginning."""

    def __init__(self, read: Read, job: str, label: str) -> None:
        super().__init__("l")
        self._label = label
        self._reader = LogReader(read, job)
        self._follows = True
        self._needle = ""
        self._hit: int | None = None
        self._searches = False
        self._notice = ""
        self._reading: asyncio.Task[None] | None = None

    def heading(self, view: View) -> Line:  # noqa: ARG002 - the job says it all
        """The title."""
        return (Span("Log", Tone.STRONG), Span(f"   {clean(self._label)}", Tone.QUIET))

    def footing(self, view: View) -> Line:  # noqa: ARG002 - as above
        """Where in the log this is, and what the keys do."""
        if self.typing:
            return (Span(f"/{clean(self._needle)}▏", Tone.STRONG), Span("  Enter searches upwards", Tone.QUIET))
        if self._notice:
            return (Span(clean(self._notice), Tone.WARN),)
        book = self._reader.book
        share = f"at {book.start / max(1, book.size) * 100:.0f} % of"
        spans = [Span(f"{'following,' if self._follows else share} {_size(book.size)}  ", Tone.QUIET)]
        for key, word in (("/", " search  "), ("f", " follow  "), ("Esc", " back")):
            spans += [Span(key, Tone.KEY), Span(word, Tone.QUIET)]
        return tuple(spans)

    def length(self, view: View, width: int) -> int:  # noqa: ARG002 - the log, whatever the run does
        """The lines at hand."""
        return len(self._reader.book.lines)

    def in_sight(self, first: int, count: int, width: int) -> list[Line]:
        """Those in sight; what holds the words searched for is marked."""
        lines = self._reader.book.lines[first : first + count]
        if not lines:
            return [(Span("  nothing yet", Tone.QUIET),)]
        needle = self._needle.lower()
        rows: list[Line] = []
        for at, line in enumerate(lines, first):
            row = fit((Span(f" {line}", Tone.WARN if needle and needle in line.lower() else Tone.TEXT),), width)
            rows.append(lit(row) if at == self._hit else row)
        return rows

    def tick(self) -> None:
        """Read on while following."""
        super().tick()
        if self._follows:
            self._begin(self._onwards())

    def on_unmount(self) -> None:
        """A search still under way has nobody left to tell."""
        if self._reading is not None:
            self._reading.cancel()

    def key(self, name: str, character: str | None, when: float) -> None:
        """Search, follow, or move; at an edge, read further."""
        if self.typing:
            self._ask(name, character)
        elif self._searches and name == "escape" and self._reading is not None:
            self._reading.cancel()
        elif name == "/":
            self._needle, self._hit = "", None
            self._type(on=True)
        elif name == "n" and self._needle:
            self._begin(self._search())
        elif name in {"f", "end"}:
            self._follows = True
            self._begin(self._to_end())
        elif name == "home":
            self._follows = False
            self._begin(self._to_start())
        else:
            self._move(name, character, when)

    def _move(self, name: str, character: str | None, when: float) -> None:
        if name in {"up", "k", "pageup"}:
            self._follows = False
            if self.first == 0 and not self._reader.book.at_start:
                self._begin(self._back())
                return
        super().key(name, character, when)
        if self.first >= self.most and not self._reader.book.at_end and not self._follows:
            self._begin(self._onwards())

    def _ask(self, name: str, character: str | None) -> None:
        if name in {"enter", "escape"}:
            self._type(on=False)
            if name == "enter" and self._needle:
                self._begin(self._search())
        elif name == "backspace":
            self._needle = self._needle[:-1]
        elif character is not None and character.isprintable():
            self._needle += character
        super().tick()

    def _type(self, *, on: bool) -> None:
        """Letters are words now, or keys again."""
        self.typing = on
        super().tick()
        self.room.reframe()

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        if self._reading is not None and not self._reading.done():
            work.close()
            return
        self._reading = asyncio.create_task(self._guarded(work))

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        self._notice = ""
        try:
            await work
        except ControlroomError as exc:
            self._notice = str(exc)
        finally:
            self._searches = False
        if self.is_attached:
            super().tick()

    async def _onwards(self) -> None:
        await self._reader.onwards()
        if self._follows:
            self.first = BOTTOM

    async def _to_end(self) -> None:
        await self._reader.tail()
        self.first, self._hit = BOTTOM, None

    async def _to_start(self) -> None:
        await self._reader.head()
        self.first, self._hit = 0, None

    async def _back(self) -> None:
        added = await self._reader.back()
        self.first = max(0, added - 1)
        self._hit = None if self._hit is None else self._hit + added

    async def _search(self) -> None:
        """Upwards from the last line in sight; once something was found, from there on."""
        self._follows, self._searches = False, True
        above = self.first + self.page if self._hit is None else self._hit
        start = self._reader.book.start
        found = await self._reader.search(self._needle, above, self._progress)
        if found is None:
            self._notice = f"not found {'above' if self._hit is None else 'further up'}: {self._needle}"
            return
        self._hit = found
        moved = self._reader.book.start != start
        if moved or not self.first <= found < self.first + self.page:
            self.first = max(0, found - self.page // 3)

    def _progress(self, share: float) -> None:
        self._notice = f"searching {self._needle}: {share * 100:.0f} %, Esc gives up"
        super().tick()


def _size(count: int) -> str:
    """`1.2 MB`, `330 KB`, `36 bytes`."""
    if count >= MEGABYTE:
        return f"{count / MEGABYTE:.1f} MB"
    return f"{count / KILOBYTE:.0f} KB" if count >= KILOBYTE else f"{count} bytes"
