"""Big letters for the shared screen: five by six pixels each, two pixels a cell, and multiples of that."""

from __future__ import annotations

_FONT = {
    "A": "01110 10001 10001 11111 10001 10001",
    "B": "11110 10001 11110 10001 10001 11110",
    "C": "01111 10000 10000 10000 10000 01111",
    "D": "11110 10001 10001 10001 10001 11110",
    "E": "11111 10000 11110 10000 10000 11111",
    "F": "11111 10000 11110 10000 10000 10000",
    "G": "01111 10000 10011 10001 10001 01111",
    "H": "10001 10001 11111 10001 10001 10001",
    "I": "111 010 010 010 010 111",
    "J": "00111 00010 00010 00010 10010 01100",
    "K": "10001 10010 11100 10010 10001 10001",
    "L": "10000 10000 10000 10000 10000 11111",
    "M": "10001 11011 10101 10001 10001 10001",
    "N": "10001 11001 10101 10011 10001 10001",
    "O": "01110 10001 10001 10001 10001 01110",
    "P": "11110 10001 10001 11110 10000 10000",
    "Q": "01110 10001 10001 10101 10010 01101",
    "R": "11110 10001 10001 11110 10010 10001",
    "S": "01111 10000 01110 00001 00001 11110",
    "T": "11111 00100 00100 00100 00100 00100",
    "U": "10001 10001 10001 10001 10001 01110",
    "V": "10001 10001 10001 01010 01010 00100",
    "W": "10001 10001 10001 10101 11011 10001",
    "X": "10001 01010 00100 00100 01010 10001",
    "Y": "10001 01010 00100 00100 00100 00100",
    "Z": "11111 00010 00100 01000 10000 11111",
    " ": "00 00 00 00 00 00",
}
_HALVES = {"00": " ", "10": "▀", "01": "▄", "11": "█"}


def big(word: str, scale: int = 1) -> list[str]:
    """`word` as `3 * scale` rows of text, all of one width; a letter that the font does not have is left out."""
    glyphs = [_FONT[letter].split() for letter in word.upper() if letter in _FONT]
    pixels = ["".join(_wider(glyph[row] + "0", scale) for glyph in glyphs) for row in range(6) for _ in range(scale)]
    return [
        "".join(_HALVES[upper + lower] for upper, lower in zip(pixels[at], pixels[at + 1], strict=True))
        for at in range(0, len(pixels), 2)
    ]


def _wider(pixels: str, scale: int) -> str:
    return "".join(pixel * scale for pixel in pixels)
