"""How a run was started, kept beside its journal so that a new engine can take it up; holds no secret."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from controlroom.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from controlroom.ports import Clock

FILE = "start.json"
LOOK_EVERY_S = 0.01


class Start(Struct, frozen=True, kw_only=True):
    """`plan_path` is the file as named, absolute; `stage` and `stage_identity` are empty outside rehearsals.

    `stage` is the folder in which the next rehearsal puts its own stage, so the identity tells this run's from that.
    `operator`, `uid` and `host` say who started the run and drives it first.
    """

    plan_path: str
    rehearsal: bool
    operator: str
    uid: int
    host: str
    speed: float = 1.0
    stage: str = ""
    stage_identity: str = ""
    accept_breach: str = ""
    override_window: str = ""
    window: str = ""
    auto_close: bool = False

    def save(self, folder: Path) -> None:
        """Write to the run's folder, whole or not at all: an engine may be waiting for it."""
        draft = folder / f".{FILE}"
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(self)))
        draft.replace(folder / FILE)

    @classmethod
    async def awaited(cls, folder: Path, clock: Clock) -> Start:
        """As `load`, as soon as the starter has written it: the engine gets warm while the stage comes up.

        Raises Interrupted when the starter is gone before.
        """
        starter = os.getppid()
        while not (folder / FILE).exists():
            if os.getppid() != starter:
                raise Interrupted("whoever started this engine is gone")
            await clock.sleep(LOOK_EVERY_S)
        return cls.load(folder)

    @classmethod
    def load(cls, folder: Path) -> Start:
        """Read from the run's folder. Raises UsageError when it is gone or damaged."""
        try:
            return msgspec.json.decode((folder / FILE).read_bytes(), type=cls)
        except (OSError, ValueError) as exc:
            raise UsageError(f"how the run was started cannot be read from {folder / FILE}: {exc}") from exc
