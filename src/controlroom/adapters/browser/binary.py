"""Where a Chromium is to be found on this machine, if there is one."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTING: Final = "CONTROLROOM_BROWSER"
"""The environment variable that names a browser to be used instead of whatever is found."""
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_USUAL: Final = "/usr/bin:/usr/local/bin:/snap/bin:/opt/google/chrome"
_IN_PLAYWRIGHT: Final = (
    "chromium-*/chrome-linux*/chrome",
    "chromium_headless_shell-*/chrome-headless-shell-linux*/chrome-headless-shell",
    "chromium_headless_shell-*/chrome-linux*/headless_shell",
)


def find_browser(env: Mapping[str, str]) -> str | None:
    """The browser that the setting names, else one that Playwright brought, else one that is installed."""
    if named := env.get(SETTING):
        return shutil.which(named, path=env.get("PATH"))
    brought = next((str(path) for path in _of_playwright(env) if os.access(path, os.X_OK)), None)
    places = f"{env.get('PATH', '')}:{_USUAL}"
    return brought or next((found for name in _NAMES if (found := shutil.which(name, path=places))), None)


def _of_playwright(env: Mapping[str, str]) -> Iterator[Path]:
    """What `playwright install chromium` has put there, the newest first."""
    home = env.get("HOME", "")
    place = env.get("PLAYWRIGHT_BROWSERS_PATH") or (f"{home}/.cache/ms-playwright" if home else "")
    if not Path(place).is_absolute():  # "0" stands for within the package, which only Playwright itself knows
        return
    for pattern in _IN_PLAYWRIGHT:
        yield from sorted(Path(place).glob(pattern), key=_revision, reverse=True)


def _revision(path: Path) -> int:
    """The number that Playwright gives its browsers, from the folder's name."""
    numbers = re.findall(r"chromium\w*-(\d+)/", str(path))
    return int(numbers[-1]) if numbers else 0
