"""The commands of a rehearsal's PATH, each a client of the stage."""

import shlex
import sys
from pathlib import Path
from typing import Final

_SHIM: Final = Path(__file__).with_name("shim.py")
NAMES: Final = {
    "deploy": "deploy",
    "db-migrate": "migrate",
    "invalidate-cdn": "invalidate",
    "canary": "canary",
    "traffic-weight": "weigh",
}
"""What is installed, and which command of the stage it gives."""


def install(folder: Path, socket: Path) -> Path:
    """Write the commands of the stage at `socket` into `folder`, which then holds nothing else; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.iterdir():
        left.unlink()
    for name, command in NAMES.items():
        # Isolated and without site: the interpreter starts in a third of the time.
        words = shlex.join([sys.executable, "-IS", str(_SHIM), str(socket), command])
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        script.chmod(0o700)
    return folder
