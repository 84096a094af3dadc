"""The warm process: it has the servers' libraries loaded and forks each server, and it cleans up after a dead stage."""

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from controlroom.rehearsal import scratch
from controlroom.rehearsal.life import die_with_parent

if TYPE_CHECKING:
    from controlroom.rehearsal.worker import Order

_MAX_ORDER: Final = 65536
_MAX_SOCKETS: Final = 8


def fork(folder: Path) -> socket.socket:
    """Fork the spawner and return the line on which it takes orders.

    To be called in the main thread before there is another thread, an event loop or anything to clean up: neither the
    spawner nor the processes that it forks return from here. An order is a packet with a JSON object (`role`,
    `version`, `settings`, `faults`) and file descriptors: the new process's line to the stage, then its listeners.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    stage = os.getpid()
    if os.fork():
        theirs.close()
        return ours
    ours.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    die_with_parent(signal.SIGTERM, stage)
    task = _next_task(theirs)
    if task is not None:
        _run(*task)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        scratch.bury(folder)
    sys.exit(0)


def _run(order: "Order", line: socket.socket, listeners: list[socket.socket]) -> None:
    from controlroom.rehearsal import worker  # noqa: PLC0415 - see _next_task

    worker.main(order, line, listeners)


def _next_task(orders: socket.socket) -> "tuple[Order, socket.socket, list[socket.socket]] | None":
    """In a forked process: what it is to do. In the spawner: None, once the stage is gone."""
    spawner = os.getpid()
    try:
        # Loaded in this process only, and while the stage makes its database.
        from controlroom.rehearsal.worker import Order  # noqa: PLC0415

        while True:
            packet, descriptors, _, _ = socket.recv_fds(orders, _MAX_ORDER, _MAX_SOCKETS)
            if not packet:
                return None
            sockets = [socket.socket(fileno=descriptor) for descriptor in descriptors]
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                die_with_parent(signal.SIGKILL, spawner)
                orders.close()
                return Order(**json.loads(packet)), sockets[0], sockets[1:]
            for given in sockets:
                given.close()
    except _StageGone:
        return None


class _StageGone(Exception):  # noqa: N818 - an event, not a malfunction
    pass


def _leave(*_: object) -> None:
    raise _StageGone
