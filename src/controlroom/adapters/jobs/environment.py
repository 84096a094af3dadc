"""What a command finds in its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from controlroom.ports import Scene

OURS = "CONTROLROOM_"


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """The operator's environment, as commands of a real go-live need it (kubeconfig, agent, proxies).

    Without this program's own settings, and without a terminal, since a command has none.
    """
    return {name: value for name, value in environ.items() if not name.startswith(OURS)} | {"TERM": "dumb"}


def scrubbed(commands: Path, home: Path) -> dict[str, str]:
    """The environment of a rehearsal (S30): only the stage's `commands` on PATH, a temporary `home`, nothing else."""
    return {
        "PATH": str(commands),
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "dumb",
    }


def facts_of(scene: Scene) -> dict[str, str]:
    """The scene's facts as CONTROLROOM_* variables: `version.target` is CONTROLROOM_VERSION_TARGET."""
    places = {"run.id": scene.run, "service.id": scene.service, "step": scene.step}
    return {OURS + name.upper().replace(".", "_"): value for name, value in {**places, **scene.facts}.items()}
