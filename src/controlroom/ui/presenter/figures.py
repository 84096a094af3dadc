"""Durations, ages, times and values as the operator reads them."""

from __future__ import annotations

from datetime import UTC, datetime

MINUTE = 60
HOUR = 3600


def clock(seconds: float) -> str:
    """`03:41` below an hour, `01:12:20` from there on; hours go on past 24, as in a 48-hour watch."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, HOUR)
    minutes, secs = divmod(rest, MINUTE)
    return f"{hours:02}:{minutes:02}:{secs:02}" if hours else f"{minutes:02}:{secs:02}"


def long_clock(seconds: float) -> str:
    """`00:12:44`, always with hours."""
    whole = max(0, int(seconds))
    return f"{whole // HOUR:02}:{whole % HOUR // MINUTE:02}:{whole % MINUTE:02}"


def age(seconds: float) -> str:
    """`31 s`, `4 min`, `2 h`: how old something is."""
    if seconds < 2 * MINUTE:
        return f"{max(0, int(seconds))} s"
    if seconds < 2 * HOUR:
        return f"{int(seconds // MINUTE)} min"
    return f"{int(seconds // HOUR)} h"


def epoch(text: str) -> float:
    """Epoch seconds of an event's time; 0.0 for none."""
    return datetime.fromisoformat(text).timestamp() if text else 0.0


def utc(at: float) -> str:
    """`03:22:07Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%SZ")


def utc_of(text: str) -> str:
    """`03:22:07Z` of an event's time."""
    return f"{text[11:19]}Z" if text else ""


def number(value: float) -> str:
    """A value in three figures or so: `0.4`, `6.2`, `312`, `1,240`."""
    if abs(value) >= 100:  # noqa: PLR2004 - from three digits on, decimals are noise
        return f"{value:,.0f}"
    if value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2g}"


def measure(value: float, unit: str) -> str:
    """A value with its unit: `6.2 %`, `312 ms`, `1.24 s`."""
    if unit == "ms" and abs(value) >= 1000:  # noqa: PLR2004 - a second
        return f"{value / 1000:.2f} s"
    return f"{number(value)} {unit}".rstrip()
