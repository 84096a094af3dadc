"""Make the pictures of the documentation from a real rehearsal: docs/images/*.svg, and *.png where Chromium is.

    python -m bench.screenshots [--only healthy,breach]

Needs the embedded stage, and for PNG: chromium and the DejaVu fonts (box drawing lines up only in these).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench.rehearsal import Rehearsal
from textual.pilot import Pilot

from controlroom.control.home import Home
from controlroom.control.link import Link
from controlroom.control.protocol import Hello
from controlroom.ui.app import ControlRoomApp

IMAGES = Path(__file__).parents[1] / "docs" / "images"
FONT = "'DejaVu Sans Mono'"
Act = Callable[[Pilot[None]], Awaitable[None]]


def to_png(svg: Path) -> None:
    """Render with the system's Chromium, if there is one."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        return
    text = re.sub(r"@font-face\s*\{[^}]*\}", "", svg.read_text(encoding="utf-8")).replace("Fira Code", FONT)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    if box is None:
        raise SystemExit(f"{svg} has no viewBox")
    width, height = (int(float(side)) + 1 for side in box.groups())
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(f"<meta charset=utf-8><body style='margin:0'>{text}</body>", encoding="utf-8")
        subprocess.run(
            [
                chromium,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--no-first-run",
                "--hide-scrollbars",
                f"--user-data-dir={folder}/profile",
                f"--window-size={width},{height}",
                f"--screenshot={svg.with_suffix('.png')}",
                page.as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )


async def shoot(socket: Path, name: str, act: Act, size: tuple[int, int] = (160, 48)) -> None:
    """Open the screen at `size`, let `act` press keys, and keep the picture as `name`."""
    app = ControlRoomApp(Link(socket, Hello(role="screen", pid=os.getpid())))
    async with app.run_test(size=size) as pilot:
        await asyncio.sleep(1.5)
        await act(pilot)
        await asyncio.sleep(0.8)
        picture = IMAGES / f"{name}.svg"
        # Real output has trailing blanks; the repository does without.
        lines = app.export_screenshot(title="controlroom").splitlines()
        picture.write_text("\n".join(line.rstrip() for line in lines) + "\n", encoding="utf-8")
        await app.leave()
    to_png(picture)
    print(f"{picture.relative_to(IMAGES.parents[1])}")


def keys(*names: str) -> Act:
    """Press `names` one after another, as a person would."""

    async def press(pilot: Pilot[None]) -> None:
        for name in names:
            await pilot.press(name)
            await asyncio.sleep(0.5)

    return press


def main() -> None:
    """Drive a rehearsal by commands and take its pictures on the way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of pictures, with commas")
    only = {name for name in parser.parse_args().only.split(",") if name}
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        rehearsal = Rehearsal(Path(home), "--speed", "20")
        socket = Home(Path(home)).find().socket

        def take(name: str, act: Act, size: tuple[int, int] = (160, 48)) -> None:
            if not only or name in only:
                asyncio.run(shoot(socket, name, act, size))

        for service in ("database", "auth"):
            rehearsal.ctl("advance", "--to", service)
            rehearsal.ctl("wait", "--service", f"{service}=live", "--timeout", "60s")
        rehearsal.ctl("fault", "deploy:catalog=slow")
        rehearsal.ctl("advance", "--to", "catalog")
        take("healthy", keys())
        rehearsal.ctl("wait", "--service", "catalog=live", "--timeout", "60s")
        rehearsal.ctl("fault", "orders:errors=8%")
        rehearsal.ctl("advance", "--to", "orders")
        rehearsal.ctl("wait", "--guard", "error-rate=FAIL", "--timeout", "90s")
        take("breach", keys("r"))
        take("small", keys(), (80, 24))
        take("chart", keys("g"))
        take("broadcast", keys("b"), (80, 24))
        rehearsal.ctl("fault", "orders:errors=8%", "--off")
        rehearsal.ctl("wait", "--guard", "error-rate/orders=PASS", "--timeout", "90s")
        rehearsal.ctl("resume")
        rehearsal.ctl("advance", "--to", "frontend")
        rehearsal.ctl("wait", "--service", "frontend=live", "--timeout", "60s")
        rehearsal.ctl("smoke", "run", "signup", "login", "search")
        rehearsal.ctl("smoke", "block", "order", "--reason", "payment sandbox is down until 03:30")
        take("checklist", keys("c"))
        rehearsal.end()


if __name__ == "__main__":
    main()
