"""Themes: files that are checked before use, readable, and told apart by dichromats."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest
import yaml

from controlroom.errors import UsageError
from controlroom.ui import colours, themes
from controlroom.ui.presenter.text import Tone

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ("control-dark", "control-light", "high-contrast", "ansi")


def colour(theme: themes.Theme, key: str) -> colours.Rgb:
    return colours.parse(theme.colours[key])


def test_shipped_themes_are_found_the_default_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """They are part of the program."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert themes.names()[0] == themes.DEFAULT
    assert set(themes.names()) == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_text_is_readable(name: str) -> None:
    """UX rule 11: 4.5:1 for every ink on both grounds, and on the marks."""
    theme = themes.load(name)
    for ink in themes.INKS:
        assert colours.contrast(colour(theme, ink), colour(theme, "background")) >= 4.5, ink
        if theme.colours["lit"] != themes.REVERSE:
            assert colours.contrast(colour(theme, ink), colour(theme, "lit")) >= 4.5, f"{ink} on the selected row"
    for block in themes.BLOCKS:
        assert colours.contrast(colour(theme, block), colour(theme, f"{block}-ground")) >= 4.5, block


def test_high_contrast_is_higher() -> None:
    """7:1 for all text."""
    theme = themes.load("high-contrast")
    assert all(colours.contrast(colour(theme, i), colour(theme, "background")) >= 7 for i in themes.INKS)


@pytest.mark.parametrize("sight", ["normal", "protan", "deutan"])
@pytest.mark.parametrize("name", SHIPPED)
def test_ok_warn_and_breach_are_told_apart(name: str, sight: str) -> None:
    """UX rule 11: also under protanopia and deuteranopia; 2 is just noticeable."""
    theme = themes.load(name)
    for one, other in combinations(("ok", "warn", "breach"), 2):
        assert colours.difference(colour(theme, one), colour(theme, other), sight) >= 15, (one, other)


@pytest.mark.parametrize("name", SHIPPED)
def test_flat_files_read_the_same_without_yaml(name: str) -> None:
    """The quick reader and PyYAML agree on every shipped file."""
    path = themes.folders()[0] / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    loaded = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - text only
    assert themes._keys(text, path) == loaded


def test_other_shapes_of_yaml_work_too(tmp_path: Path) -> None:
    """A user's file may be written in any way that YAML allows."""
    flat = (themes.folders()[0] / "control-dark.yaml").read_text(encoding="utf-8")
    keys = yaml.load(flat, Loader=yaml.BaseLoader)  # noqa: S506 - text only
    path = tmp_path / "mine.yaml"
    path.write_text("{" + ", ".join(f"{k}: '{v}'" for k, v in keys.items()) + "}", encoding="utf-8")
    assert themes.read(path).colours == themes.load("control-dark").colours


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("ok", "greenish"), "ok: 'greenish' is no colour"),
        (("ok", "#12"), "ok: '#12' is no colour"),
        (("warn", "#gggggg"), "warn:"),
        (("ok", None), "ok: missing"),
        (("shiny", "#ffffff"), "shiny: unknown key"),
        (("dark", "maybe"), "dark: true or false"),
    ],
)
def test_a_bad_theme_is_named_with_file_and_key(tmp_path: Path, change: tuple[str, str | None], complaint: str) -> None:
    """A bad colour never crashes the screen: the message names file and key."""
    text = (themes.folders()[0] / "control-dark.yaml").read_text(encoding="utf-8")
    keys = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - text only
    key, value = change
    keys.pop(key, None)
    if value is not None:
        keys[key] = value
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.dump(keys), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        themes.read(path)
    assert complaint in str(caught.value)
    assert "broken.yaml" in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"- a\n- b\n", b"{", b""])
def test_a_file_that_is_no_theme_is_refused(tmp_path: Path, content: bytes) -> None:
    """Not UTF-8, not a mapping, not YAML, not anything."""
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"odd\.yaml"):
        themes.read(path)


def test_a_users_theme_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`$XDG_CONFIG_HOME/controlroom/themes` comes before the program's own."""
    folder = tmp_path / "controlroom" / "themes"
    folder.mkdir(parents=True)
    text = (themes.folders()[0] / "control-dark.yaml").read_text(encoding="utf-8")
    (folder / "control-dark.yaml").write_text(text.replace('ok: "#63e6be"', 'ok: "#00ffff"'), encoding="utf-8")
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert themes.load("control-dark").colours["ok"] == "#00ffff"
    assert "mine" in themes.names()
    with pytest.raises(UsageError, match="no theme 'other'"):
        themes.load("other")


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("mono", [False, True])
def test_every_tone_has_a_style(name: str, mono: bool) -> None:
    """No tone is missing, selected or not; without colour there is none."""
    palette = themes.Palette(themes.load(name), mono=mono)
    for tone in Tone:
        for lit in (False, True):
            style = palette.style(tone, lit)
            assert style.color is not None
            assert style.color.is_default is mono


def test_the_selected_row_is_told_by_its_ground() -> None:
    """Selection is a ground of its own, or reverse video."""
    for name in SHIPPED:
        palette = themes.Palette(themes.load(name))
        plain, lit = palette.style(Tone.TEXT, lit=False), palette.style(Tone.TEXT, lit=True)
        assert plain.bgcolor != lit.bgcolor or bool(plain.reverse) is not bool(lit.reverse)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffffff", "#ffffff", 1.0)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    """Known pairs."""
    assert colours.contrast(colours.parse(one), colours.parse(other)) == pytest.approx(ratio, abs=0.01)


def test_dichromats_confuse_what_they_are_known_to_confuse() -> None:
    """The simulation is worth something: red and green of equal lightness fall together for a deuteranope."""
    red, green = colours.Rgb(180, 80, 40), colours.Rgb(110, 115, 40)
    assert colours.difference(red, green, "normal") > 40
    assert colours.difference(red, green, "deutan") < 15
