"""A Chromium of one's own: started without a window, spoken to over a socket that nobody else has, and gone afterwards.

When this process ends, in whatever way, the socket closes, and with it the browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controlroom.adapters.browser.devtools import DevTools
from controlroom.adapters.jobs import proc
from controlroom.adapters.jobs.handle import Handle
from controlroom.adapters.neutralise import neutralise
from controlroom.adapters.trouble import NoAnswer, Unable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_GONE_S: Final = 10.0
"""Real seconds that the kernel may take to remove what was killed."""
_POLL_S: Final = 0.02
_PREFIX: Final = "controlroom-browser-"
_OLD_S: Final = 86_400.0
"""Seconds after which no browser can still be at work in its folder."""
_SHORT: Final = 40
"""Characters; the browser puts a socket below its folder, and the path of a socket has 108 at the most."""
_TAIL: Final = 4096
_PROXIES: Final = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    "--password-store=basic",
    "--mute-audio",
    "--hide-scrollbars",
    "--window-size=1280,800",
)
_LOOPBACK: Final = (
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]",
)
_BECOME: Final = """
import os, sys
end = int(sys.argv[1])
os.dup2(end, 3)
os.dup2(end, 4)
if end > 4:
    os.close(end)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Becomes the browser, with the socket where it looks for its pipes; in a process of its own, as ours has threads."""


@asynccontextmanager
async def browser_process(binary: str, env: Mapping[str, str], *, loopback_only: bool) -> AsyncIterator[DevTools]:
    """A browser for as long as the block lasts, however it is left. Raises Unable when it does not start."""
    folder = _folder()
    try:
        argv = argv_of(binary, folder / "profile", loopback_only=loopback_only, root=os.geteuid() == 0)
        child, ours = _spawn(argv, folder, environment_of(env, folder, loopback_only=loopback_only))
        try:
            async with DevTools.over(ours) as tools:
                await _greet(tools, folder)
                yield tools
        finally:
            await _end(child, folder)
    finally:
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True))


def _folder() -> Path:
    """A new folder for everything that the browser writes; what one of an engine that was killed left goes first."""
    temporary = tempfile.gettempdir()
    place = Path(temporary if len(temporary) <= _SHORT else "/tmp")  # noqa: S108 - only a folder of its own in it
    for left in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < time.time() - _OLD_S and left.stat().st_uid == os.geteuid():
                shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))


def argv_of(binary: str, profile: Path, *, loopback_only: bool, root: bool) -> list[str]:
    """The words to execute. Only root, whom Chromium's sandbox does not serve, does without it."""
    sandbox = ["--no-sandbox"] if root else []
    reach = _LOOPBACK if loopback_only else ()
    return [binary, *_FLAGS, *sandbox, *reach, f"--user-data-dir={profile}", "about:blank"]


def environment_of(env: Mapping[str, str], folder: Path, *, loopback_only: bool) -> dict[str, str]:
    """What the browser needs, and nothing of the operator's but the way out."""
    proxies = {} if loopback_only else {name: env[name] for name in _PROXIES if name in env}
    own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}
    return {**own, "LANG": "C.UTF-8", "TZ": "UTC", **proxies}


def _spawn(argv: list[str], folder: Path, env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    with theirs, (folder / "said").open("wb") as said:
        child = subprocess.Popen(  # noqa: S603 - a browser
            [sys.executable, "-I", "-S", "-c", _BECOME, str(theirs.fileno()), *argv],
            env=env,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )
    return child, ours


async def _greet(tools: DevTools, folder: Path) -> None:
    """Wait until the browser answers. Raises Unable with the last that it said when it ends instead."""
    try:
        await tools.call("Browser.getVersion")
    except NoAnswer as exc:
        with (folder / "said").open("rb") as said:
            said.seek(max(0, os.fstat(said.fileno()).st_size - _TAIL))
            lines = neutralise(said.read().decode(errors="replace")).strip().splitlines()
        raise Unable(f"the browser does not start: {lines[-1] if lines else exc}") from exc


async def _end(child: subprocess.Popen[bytes], folder: Path) -> None:
    """Kill the whole group, and see it gone; not reaped before, so that its number is still ours."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_GONE_S):
            while proc.members(child.pid, child.pid) or _kill_helpers(folder):  # noqa: ASYNC110 - nobody tells when
                await asyncio.sleep(_POLL_S)
    child.poll()


def _kill_helpers(folder: Path) -> int:
    """Kill what went into a session of its own, such as the handler of crashes; how many there were."""
    found = 0
    for process in proc.everyone():
        with contextlib.suppress(OSError), contextlib.closing(Handle(process.pid, process.start)) as handle:
            if os.fsencode(folder) in Path(f"/proc/{process.pid}/cmdline").read_bytes():
                handle.send(signal.SIGKILL)
                found += 1
    return found
