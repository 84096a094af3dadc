"""What a terminal can show: locale, colours, and ASCII of the same width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from tests.ui.moments import EVERY, look, text

from controlroom.ui.presenter.glyphs import few_colours, to_ascii, utf8_locale
from controlroom.ui.presenter.sequence import sequence
from controlroom.ui.presenter.strip import strip
from controlroom.ui.presenter.trends import trends


@pytest.mark.parametrize(
    ("environ", "utf8_mode", "says_utf8"),
    [
        ({"LANG": "C.UTF-8"}, False, True),
        ({"LANG": "es_ES.utf8"}, False, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LANG": "en_US.ISO-8859-1", "LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LANG": "C", "LC_ALL": "en_US.UTF-8"}, False, True),
        ({"LANG": "C.UTF-8", "LC_ALL": "C"}, True, False),
        ({}, True, False),
        ({"CONTROLROOM_GLYPHS": "unicode"}, True, True),
        ({"CONTROLROOM_GLYPHS": "ascii", "LANG": "C.UTF-8"}, False, False),
    ],
)
def test_the_users_locale_counts_not_what_python_made_of_it(
    environ: dict[str, str],
    utf8_mode: bool,
    says_utf8: bool,
) -> None:
    """Python coerces a C locale to UTF-8; the terminal is no better for it."""
    assert utf8_locale(environ, utf8_mode=utf8_mode) is says_utf8


@pytest.mark.parametrize(
    ("environ", "few"),
    [
        ({"TERM": "linux"}, True),
        ({"TERM": "screen"}, True),
        ({"TERM": "screen-256color"}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, False),
        ({"TERM": "xterm-kitty"}, False),
    ],
)
def test_a_terminal_of_16_colours_gets_its_own_theme(environ: dict[str, str], few: bool) -> None:
    """Fine colours would be rounded to anything there."""
    assert few_colours(environ) is few


@pytest.mark.parametrize("moment", EVERY, ids=lambda m: m.__name__)
def test_ascii_has_the_same_width(moment: object) -> None:
    """Cell for cell, so that nothing moves."""
    view = look(moment())  # type: ignore[operator]
    for line in [*sequence(view, 70, 24), *trends(view, 90, 16), *strip(view, 120, 4)]:
        words = text([line])
        assert to_ascii(words).isascii()
        assert cell_len(to_ascii(words)) == cell_len(words)


def test_what_has_no_likeness_is_a_question_mark() -> None:
    """Accents fall off; a wide character takes two cells."""
    assert to_ascii("Catálogo ñ 日本 €") == "Catalogo n ???? ?"
