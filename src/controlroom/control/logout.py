"""What a logout would do to an engine: logind may kill it with the session, and a forwarded ssh agent goes away."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_PATIENCE_S = 2.0
_USES_AGENT = re.compile(r"\b(ssh|scp|sftp|rsync|git|ansible(-playbook)?|cap)\b")


class LogoutRisk(Struct, frozen=True, kw_only=True):
    """The session's end would kill the engine.

    `prefix` goes in front of its argv to start it under the user's own systemd, empty where that is not there;
    `lingers` says that the user's systemd outlives the last logout, so that the prefix alone is enough.
    """

    why: str
    fix: str
    prefix: tuple[str, ...]
    lingers: bool


def logout_risk(
    account: str, environ: Mapping[str, str], *, cgroup: Path = Path("/proc/self/cgroup"), lingerers: Path | None = None
) -> LogoutRisk | None:
    """Whether logind kills what `account` leaves running, asked of logind itself; None when it does not."""
    try:
        in_session = re.search(r"/session-[^/]+\.scope", cgroup.read_text()) is not None
    except OSError:
        return None
    if not in_session or not _kills(account):
        return None
    lingers = ((lingerers or Path("/var/lib/systemd/linger")) / account).exists()
    starter = shutil.which("systemd-run")
    reachable = starter is not None and "XDG_RUNTIME_DIR" in environ
    prefix = (starter, "--user", "--scope", "--quiet", "--collect", "--") if starter and reachable else ()
    enable = f"loginctl enable-linger {account}"
    return LogoutRisk(
        why="logind is set to kill what a session leaves running (KillUserProcesses=yes)",
        fix="" if lingers and prefix else f"let the account's services outlive its last logout: {enable}",
        prefix=prefix,
        lingers=lingers,
    )


def _kills(account: str) -> bool:
    if _property("KillUserProcesses") != "b true":
        return False
    only, excluded = (re.findall(r'"([^"]*)"', _property(name)) for name in ("KillOnlyUsers", "KillExcludeUsers"))
    return account not in excluded and (not only or account in only)


def _property(name: str) -> str:
    """What busctl prints: the type, then the value; empty when there is no logind to ask."""
    try:
        return subprocess.run(  # noqa: S603 - fixed words
            ["busctl", "get-property", *_LOGIND, name],  # noqa: S607 - found on the operator's own PATH
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""


def agent_warning(environ: Mapping[str, str], commands: Iterable[str]) -> str | None:
    """A sentence when one of `commands` seems to use an ssh agent that is forwarded and ends with the session."""
    forwarded = "SSH_CONNECTION" in environ and "SSH_AUTH_SOCK" in environ
    using = [command for command in commands if _USES_AGENT.search(command)] if forwarded else []
    if not using:
        return None
    return (
        f"{using[0]!r} may need the ssh agent forwarded to this session, which is gone after logout;"
        " give the host a key of its own, or stay logged in"
    )
