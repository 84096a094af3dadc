"""Themes: flat YAML files of colours, validated before use, turned into the styles that the panes draw with."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msgspec import Struct
from rich.color import Color
from rich.style import Style

import controlroom
from controlroom.errors import UsageError
from controlroom.ui import colours
from controlroom.ui.presenter.text import Tone

DEFAULT = "control-dark"
ANSI = "ansi"
"""For terminals of 16 colours, where finer ones would be rounded to anything."""

INKS = ("text", "quiet", "faint", "strong", "active", "ok", "warn", "breach", "key")
"""Keys that colour text: each must be readable on `background` and on `lit`."""

REVERSE = "reverse"
"""A value for `lit`: the selected row in reverse video, for themes whose colours the terminal chooses."""

LINES = ("frame", "frame-focus")
BLOCKS = ("production", "rehearsal", "hold", "alarm")
"""Marks with a ground of their own: `NAME` is the ink, `NAME-ground` what is behind it."""

_COLOURS = ("background", "lit", *INKS, *LINES, *(k for b in BLOCKS for k in (b, f"{b}-ground")))
_FLAT = re.compile(r"""(?P<key>[a-z-]+):\s+(?:"(?P<quoted>[^"\\]*)"|(?P<bare>[A-Za-z0-9_-]+))\s*(?:#.*)?""")
_BOLD = {Tone.STRONG, Tone.KEY, Tone.PRODUCTION, Tone.REHEARSAL, Tone.HOLD, Tone.ALARM, Tone.BIG, Tone.BREACH}


class Theme(Struct, frozen=True, kw_only=True):
    """A validated theme: every colour by its key, and whether it is for a dark ground."""

    name: str
    dark: bool
    colours: dict[str, str]
    ansi: bool = False


class Palette:
    """The rich styles of a theme, by tone and by whether the row is selected."""

    def __init__(self, theme: Theme, *, mono: bool = False) -> None:
        self.theme = theme
        self.mono = mono
        make = _plain_style if mono else _style
        self._styles = {(tone, lit): make(theme, tone, lit) for tone in Tone for lit in (False, True)}

    def style(self, tone: Tone, lit: bool) -> Style:
        """The style of a span."""
        return self._styles[tone, lit]


def _style(theme: Theme, tone: Tone, lit: bool) -> Style:
    name = "strong" if tone is Tone.BIG else tone.value
    reverse = lit and theme.colours["lit"] == REVERSE
    own = theme.colours.get(f"{name}-ground")
    ground = own or theme.colours["lit" if lit and not reverse else "background"]
    turned = reverse and own is None
    return Style(
        color=_rich(theme.colours["text" if turned else name]),
        bgcolor=_rich(ground),
        bold=tone in _BOLD or None,
        reverse=turned or None,
    )


def _plain_style(_theme: Theme, tone: Tone, lit: bool) -> Style:
    """NO_COLOR: weight, dimness and reversal only."""
    reverse = lit or tone in {Tone.PRODUCTION, Tone.REHEARSAL, Tone.HOLD, Tone.ALARM}
    return Style(
        color=Color.default(),
        bgcolor=Color.default(),
        bold=tone in _BOLD or None,
        dim=tone in {Tone.QUIET, Tone.FAINT, Tone.FRAME} or None,
        reverse=reverse or None,
    )


def _rich(colour: str) -> Color:
    return Color.parse(colour)


def folders() -> list[Path]:
    """Where themes are: the program's own, then the user's, which win."""
    package = Path(controlroom.__file__).parent
    own = package / "themes"
    if not own.is_dir():
        own = package.parent.parent / "themes"
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return [own, Path(config) / "controlroom" / "themes"]


def names() -> list[str]:
    """Every theme there is, the default first."""
    found = {path.stem for folder in folders() for path in folder.glob("*.yaml")}
    return sorted(found, key=lambda name: (name != DEFAULT, name))


def load(name: str) -> Theme:
    """The theme called `name`; UsageError names the file and every key that is wrong."""
    for folder in reversed(folders()):
        path = folder / f"{name}.yaml"
        if path.is_file():
            return read(path)
    raise UsageError(f"no theme {name!r}; there are {', '.join(names())}")


def read(path: Path) -> Theme:
    """The theme in `path`; UsageError names the file and every key that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(f"{path}: {exc}") from exc
    return check(_keys(text, path), path)


def check(keys: dict[str, str], path: Path) -> Theme:
    """Validate what a theme file says."""
    problems = [f"{key}: missing" for key in _COLOURS if key not in keys]
    problems += [f"{key}: unknown key" for key in keys if key not in {*_COLOURS, "name", "dark"}]
    for key in _COLOURS:
        value = keys.get(key)
        if value is None or (key == "lit" and value == REVERSE):
            continue
        try:
            colours.parse(value)
        except ValueError as exc:
            problems.append(f"{key}: {exc}")
    if keys.get("dark", "true") not in {"true", "false"}:
        problems.append("dark: true or false")
    if problems:
        raise UsageError(f"{path}: this theme cannot be used\n" + "\n".join(f"  {p}" for p in problems))
    return Theme(
        name=keys.get("name", path.stem),
        dark=keys.get("dark", "true") == "true",
        colours={key: keys[key] for key in _COLOURS},
        ansi=not any(keys[key].startswith("#") for key in _COLOURS),
    )


def _keys(text: str, path: Path) -> dict[str, str]:
    """The keys of a theme file. A flat file, as all shipped ones are, is read without PyYAML (7 ms of a start)."""
    keys: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = _FLAT.fullmatch(line)
        if match is None or line != raw.rstrip():
            return _keys_by_yaml(text, path)
        keys[match["key"]] = match["quoted"] if match["quoted"] is not None else match["bare"]
    return keys


def _keys_by_yaml(text: str, path: Path) -> dict[str, str]:
    import yaml  # noqa: PLC0415 - only for files that are not flat

    try:
        loaded = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes text and nothing else
    except yaml.YAMLError as exc:
        raise UsageError(f"{path}: {exc}") from exc
    if not isinstance(loaded, dict):
        raise UsageError(f"{path}: a theme is a mapping of keys to colours")
    return {str(key): str(value) for key, value in loaded.items()}
