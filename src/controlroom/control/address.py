"""Unix sockets by path, also where the path is longer than the 108 bytes that the kernel has room for."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from controlroom.errors import EngineUnreachable, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 107
_BACKLOG = 128
_RETRY_S = 0.02


@contextmanager
def short_name(path: Path) -> Iterator[str]:
    """A name for the socket at `path` that fits into an address, valid inside the block."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen(path: Path, *, shared: bool = False) -> socket.socket:
    """A listening socket at `path`, 0600 (0666 when `shared`: then the kernel's word on the peer is the only gate).

    A socket left by a dead engine is replaced. Raises Refused when a living one answers there.
    """
    _clear(path)
    with ExitStack() as undo:
        sock = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        os.fchmod(sock.fileno(), 0o600)  # bind gives this to the file, which so is never open for a moment
        with short_name(path) as name:
            sock.bind(name)
        if shared:
            path.chmod(0o666)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
        undo.pop_all()
        return sock


def _clear(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(FileNotFoundError):
        probe.setblocking(False)
        try:
            with short_name(path) as name:
                probe.connect(name)
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:
            pass  # its backlog is full: somebody listens
        raise Refused(f"another engine answers at {path}")


async def connect(path: Path, *, timeout_s: float = 5.0) -> socket.socket:
    """A connection to the engine at `path`.

    Raises EngineUnreachable when none answers, Refused when this account may not ask.
    """
    with ExitStack() as undo:
        sock = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        sock.setblocking(False)
        try:
            async with asyncio.timeout(timeout_s):
                # asyncio's own sock_connect takes EAGAIN, a full backlog, for a connection on its way.
                while not _connected(sock, path):  # noqa: ASYNC110 - the kernel tells nobody when there is room
                    await asyncio.sleep(_RETRY_S)
        except PermissionError as exc:
            raise Refused(f"this account may not reach the engine at {path}") from exc
        except TimeoutError as exc:
            raise EngineUnreachable(f"the engine at {path} is too busy to answer") from exc
        except OSError as exc:
            raise EngineUnreachable(f"no engine answers at {path}") from exc
        undo.pop_all()
        return sock


def _connected(sock: socket.socket, path: Path) -> bool:
    with short_name(path) as name, suppress(BlockingIOError):
        sock.connect(name)
        return True
    return False
