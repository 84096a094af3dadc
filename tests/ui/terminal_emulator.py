"""A terminal kept to what the screen writes: cursor moves, SGR, text; the picture that a person would see."""

from __future__ import annotations

import re
import unicodedata

TOKEN = re.compile(r"\x1b\[(?P<args>[0-9;?]*)(?P<final>[A-Za-z])|(?P<text>[^\x1b\x00-\x1f]+)|(?P<other>[\s\S])")
Glyph = tuple[str, str]


class Emulator:
    """Cells of (character, SGR state); knows no more sequences than the screen's own writer uses."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells: list[list[Glyph]] = [[(" ", "")] * width for _ in range(height)]
        self.x = self.y = 0
        self.ink = self.ground = ""
        self.attributes: frozenset[str] = frozenset()

    def feed(self, data: str) -> None:
        """Take what was written."""
        for match in TOKEN.finditer(data):
            if match["text"]:
                self._put(match["text"])
            elif match["final"]:
                self._sequence(match["args"], match["final"])

    def text(self) -> str:
        """The characters, row by row."""
        return "\n".join("".join(c for c, _ in row).rstrip() for row in self.cells)

    def _put(self, text: str) -> None:
        style = f"{sorted(self.attributes)} {self.ink} {self.ground}"
        for character in text:
            if unicodedata.combining(character):
                at = self.x - 1
                while at and not self.cells[self.y][at][0]:
                    at -= 1
                glyph, worn = self.cells[self.y][at]
                self.cells[self.y][at] = (glyph + character, worn)
                continue
            wide = unicodedata.east_asian_width(character) in "WF"
            if self.y < self.height and self.x + wide < self.width:  # a picture for another size may come late
                self.cells[self.y][self.x] = (character, style)
                if wide:
                    self.cells[self.y][self.x + 1] = ("", style)
            self.x += 2 if wide else 1

    def _sequence(self, args: str, final: str) -> None:
        numbers = [int(n) if n else 1 for n in args.split(";")] if args and "?" not in args else [1]
        if final == "H":
            self.y, self.x = numbers[0] - 1, (numbers[1] - 1 if len(numbers) > 1 else 0)
        elif final == "C":
            self.x += numbers[0]
        elif final == "m":
            self._sgr(args.split(";"))
        elif final not in "hl":
            raise AssertionError(f"unknown sequence ESC[{args}{final}")

    def _sgr(self, codes: list[str]) -> None:
        while codes:
            code = codes.pop(0)
            if code in {"", "0"}:
                self.attributes, self.ink, self.ground = frozenset(), "", ""
            elif code in {"38", "48"}:
                taken = 4 if codes[0] == "2" else 2
                value = ";".join([code, *codes[:taken]])
                del codes[:taken]
                self._colour(code, value)
            elif code in {"39", "49"}:
                self._colour(code, "")
            elif code.isdigit() and (30 <= int(code) <= 37 or 90 <= int(code) <= 97):
                self.ink = code
            elif code.isdigit() and (40 <= int(code) <= 47 or 100 <= int(code) <= 107):
                self.ground = code
            else:
                self.attributes |= {code}

    def _colour(self, code: str, value: str) -> None:
        if code[0] == "3":
            self.ink = value
        else:
            self.ground = value
