"""A go-live as a person drives it: the whole program in tmux, keys in, words out."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROLROOM = Path(sys.executable).with_name("controlroom")
PATIENCE_S = 60.0
TYPED_S = 0.45
"""Between keys; more than a prompt needs before it listens, and more than Enter must come after the last character."""

_PAUSE = threading.Event()


class TmuxRoom:
    """One tmux server of its own, with one window in which the program runs."""

    def __init__(self, folder: Path, *arguments: str, size: tuple[int, int] = (160, 48)) -> None:
        self.home = folder / "home"
        self._socket = f"controlroom-{os.getpid()}-{folder.name}"
        self._ended = folder / "ended"
        command = f"{CONTROLROOM} {' '.join(arguments)}; echo $? > {self._ended}; sleep 600"
        width, height = size
        environ = {**os.environ, "CONTROLROOM_HOME": str(self.home), "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        subprocess.run(
            [
                "tmux",
                "-L",
                self._socket,
                "-f",
                "/dev/null",
                "new-session",
                "-d",
                "-x",
                str(width),
                "-y",
                str(height),
                command,
            ],
            check=True,
            env=environ,
            cwd=folder,
        )

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(["tmux", "-L", self._socket, *arguments], check=True, capture_output=True, text=True)
        return done.stdout

    @property
    def text(self) -> str:
        """What is on screen."""
        return self._tmux("capture-pane", "-p")

    def sees(self, *words: str, within: float = PATIENCE_S) -> None:
        """Wait until all of `words` are on screen."""
        until = time.monotonic() + within
        while not all(word in self.text for word in words):
            assert time.monotonic() < until, f"{words} are not on screen:\n{self.text}"
            _PAUSE.wait(0.05)

    def press(self, *keys: str) -> None:
        """Keys as a person presses them; a name such as Enter is that key."""
        for key in keys:
            self._tmux("send-keys", key)
            _PAUSE.wait(TYPED_S)

    def answer(self, opener: str, question: str, *words: str) -> None:
        """Open a prompt, and fill in its fields."""
        self.press(opener)
        self.sees(question)
        _PAUSE.wait(TYPED_S)
        for word in words:
            self.press(*word, "Enter")

    def ctl(self, *arguments: str) -> int:
        """A command of the operator beside the screen."""
        environ = {**os.environ, "CONTROLROOM_HOME": str(self.home)}
        return subprocess.run([CONTROLROOM, *arguments], env=environ, capture_output=True, check=False).returncode

    def exit_code(self) -> int:
        """How the program ended."""
        until = time.monotonic() + PATIENCE_S
        while not self._ended.exists() or not self._ended.read_text(encoding="ascii").strip():
            assert time.monotonic() < until, f"the program goes on:\n{self.text}"
            _PAUSE.wait(0.05)
        return int(self._ended.read_text(encoding="ascii"))

    def end(self) -> None:
        self.ctl("abort", "--confirm", "rehearsal", "--reason", "the test is over")
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False, capture_output=True)


@contextlib.contextmanager
def rehearsal(folder: Path, *arguments: str, size: tuple[int, int] = (160, 48)) -> Iterator[TmuxRoom]:
    """The S5 go-live on the stage, at its first gate."""
    room = TmuxRoom(folder, "rehearse", *arguments, size=size)
    try:
        room.sees("REHEARSAL", "AT GATE")
        yield room
    finally:
        room.end()
