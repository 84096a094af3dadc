"""Colour arithmetic for themes: contrast as WCAG defines it, and how colours look to dichromats."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple


class Rgb(NamedTuple):
    """A colour in sRGB, 0-255 each."""

    red: int
    green: int
    blue: int


ANSI: dict[str, Rgb] = {
    "black": Rgb(0, 0, 0),
    "red": Rgb(205, 0, 0),
    "green": Rgb(0, 205, 0),
    "yellow": Rgb(205, 205, 0),
    "blue": Rgb(0, 0, 238),
    "magenta": Rgb(205, 0, 205),
    "cyan": Rgb(0, 205, 205),
    "white": Rgb(229, 229, 229),
    "bright_black": Rgb(127, 127, 127),
    "bright_red": Rgb(255, 0, 0),
    "bright_green": Rgb(0, 255, 0),
    "bright_yellow": Rgb(255, 255, 0),
    "bright_blue": Rgb(92, 92, 255),
    "bright_magenta": Rgb(255, 0, 255),
    "bright_cyan": Rgb(0, 255, 255),
    "bright_white": Rgb(255, 255, 255),
}
"""The 16 names, with the values of xterm's defaults; a terminal shows its own."""


def parse(text: str) -> Rgb:
    """`#rrggbb` or one of the 16 names; ValueError for anything else."""
    if text in ANSI:
        return ANSI[text]
    if len(text) == 7 and text[0] == "#":  # noqa: PLR2004 - #rrggbb
        return Rgb(int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16))
    raise ValueError(f"{text!r} is no colour: write #rrggbb or one of {', '.join(ANSI)}")


def _linear(channel: float) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB


def luminance(colour: Rgb) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (_linear(c) for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Viénot, Brettel and Mollon 1999: linear RGB as a dichromat sees it.
_SIGHT = {
    "protan": ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0)),
    "deutan": ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0)),
}


def seen_by(colour: Rgb, sight: str) -> tuple[float, float, float]:
    """Linear RGB of `colour` for `protan`, `deutan` or `normal` sight."""
    linear = tuple(_linear(c) for c in colour)
    if sight not in _SIGHT:
        return linear[0], linear[1], linear[2]
    red, green, blue = (sum(k * c for k, c in zip(row, linear, strict=True)) for row in _SIGHT[sight])
    return red, green, blue


def difference(one: Rgb, other: Rgb, sight: str) -> float:
    """How far apart two colours look: CIE 1976 ΔE; 2 is just noticeable, 20 is plain."""
    first, second = _lab(seen_by(one, sight)), _lab(seen_by(other, sight))
    return sqrt(sum((a - b) ** 2 for a, b in zip(first, second, strict=True)))


def _lab(linear: tuple[float, float, float]) -> tuple[float, float, float]:
    red, green, blue = (max(0.0, c) for c in linear)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))  # noqa: PLR2004 - CIE
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
