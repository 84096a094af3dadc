"""What the screen loads, whom it knows, and that it keeps out of Textual's own state."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widget import Widget

import controlroom.ui

UI = Path(controlroom.ui.__path__[0])
HEAVY = ("pydantic", "asyncpg", "httpx", "plotext", "yaml", "click", "sqlite3", "prometheus_client", "jsonpath")
NOT_YET = (
    "controlroom.ui.plotting",
    "controlroom.ui.screens.chart",
    "controlroom.ui.screens.log",
    "controlroom.ui.screens.pages",
    "controlroom.ui.screens.palette",
    "controlroom.ui.screens.broadcast",
    "controlroom.ui.screens.prompt",
    "controlroom.ui.questions",
    "controlroom.ui.prompts",
    "controlroom.engine",
    "controlroom.plan",
    "controlroom.adapters",
)

FIRST_PAINT = """
import asyncio, sys
from tests.ui.session import session
async def main():
    async with session() as s:
        s.sees("Sequence")
        print(*sys.modules)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The modules that are loaded once the first picture is on screen."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT], check=True, capture_output=True, text=True, cwd=UI.parents[2]
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", [*HEAVY, *NOT_YET])
def test_nothing_heavy_is_loaded_before_the_first_paint(loaded: set[str], module: str) -> None:
    """Each of these costs milliseconds that the screen has no use for yet."""
    assert module not in loaded


def imports_of(path: Path) -> set[str]:
    """The modules of the program that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


LAYERS = (
    ("presenter", ("widgets", "screens", "terminal", "actions", "themes", "prompts", "app", "deeds", "textual")),
    ("widgets", ("screens", "actions", "themes", "prompts", "app", "deeds")),
    ("terminal", ("screens", "widgets", "presenter", "actions", "themes", "app", "deeds")),
    ("screens", ("app", "deeds", "themes", "terminal")),
)


@pytest.mark.parametrize(("layer", "above"), LAYERS, ids=lambda v: v if isinstance(v, str) else "")
def test_imports_inside_the_screen_point_down(layer: str, above: tuple[str, ...]) -> None:
    """App → screens → actions → widgets → presenter; the presenter knows no Textual."""
    for path in sorted((UI / layer).glob("*.py")):
        for name in imports_of(path):
            own = name.removeprefix("controlroom.ui.").split(".")[0]
            assert own not in above, f"{path.name} imports {name}"


def names_of(path: Path) -> set[str]:
    """Methods and fields that the screens and widgets of a file define."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            not isinstance(node, ast.ClassDef)
            or not node.bases
            or {"Layout", "Protocol"} & {ast.unparse(b) for b in node.bases}
        ):
            continue
        found |= {item.name for item in node.body if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)}
        stored = (n for n in ast.walk(node) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store))
        found |= {n.attr for n in stored if isinstance(n.value, ast.Name) and n.value.id == "self"}
    return found


MEANT = {
    "__init__",
    "layout",
    "compose",
    "render_line",
    "key",
    "action_quit",
    "get_default_screen",
    "_display",
    "_fatal_error",
    "_disable_tooltips",
    "_disable_notifications",
    "ansi_color",
}
"""Overridden on purpose."""


@pytest.mark.parametrize(
    "path", [*(UI / "screens").glob("*.py"), *(UI / "widgets").glob("*.py"), UI / "app.py"], ids=lambda p: p.stem
)
def test_no_name_of_ours_shadows_one_of_textual(path: Path) -> None:
    """Textual keeps its state in plain attributes; a field of the same name breaks it silently."""
    base: App[None] | Widget = (
        App() if path.name == "app.py" else Screen() if path.parent.name == "screens" else Widget()
    )
    theirs = set(dir(base))
    ours = {name for name in names_of(path) if not name.startswith("on_")}
    assert not (ours & theirs) - MEANT


def test_every_module_says_what_it_is_for() -> None:
    """One sentence on top of each, and none is long."""
    for path in UI.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not text:
            continue
        assert ast.get_docstring(ast.parse(text)), path
        assert text.count("\n") <= 300, path
        assert not re.search(r"except Exception|except BaseException|except:", text), path
