"""The stage's server processes, as the stage sees them: asked of the spawner, steered and watched on their lines."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from controlroom.errors import StageError

_LOOPBACK: Final = "127.0.0.1"
_READY_S: Final = 10.0


class Process:
    """One forked process, until its line ends."""

    def __init__(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.name = name
        self._reader, self._writer = reader, writer
        self._pid: int | None = None
        self._ready = asyncio.Event()
        self.ended = asyncio.Event()
        self._listening = asyncio.create_task(self._listen())

    async def ready(self) -> None:
        """Wait until it accepts requests; StageError when it ends first or takes too long."""
        ready, ended = (asyncio.create_task(event.wait()) for event in (self._ready, self.ended))
        try:
            await asyncio.wait((ready, ended), timeout=_READY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            ended.cancel()
        if self.ended.is_set() or not self._ready.is_set():
            why = "ended before it accepted requests" if self.ended.is_set() else f"is not ready after {_READY_S:.0f} s"
            raise StageError(f"{self.name} {why}")

    def tell(self, **message: object) -> None:
        """Send the process a message; nothing happens when it is gone."""
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.write(json.dumps(message).encode() + b"\n")

    async def retire(self, patience_s: float = 3.0) -> None:
        """Have it stop accepting, finish what it is doing and leave; killed when that takes too long."""
        self.tell(retire=True)
        try:
            await asyncio.wait_for(self.ended.wait(), patience_s)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it now and wait until it is gone."""
        if not self.ended.is_set():
            if self._pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGKILL)
            else:
                self._writer.close()
            await self.ended.wait()

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                message = json.loads(line)
                self._pid = message.get("pid", self._pid)
                if message.get("ready"):
                    self._ready.set()
        except OSError:
            pass
        finally:
            self._writer.close()
            self.ended.set()


class Fleet:
    """Starts processes through the spawner."""

    def __init__(self, orders: socket.socket) -> None:
        orders.setblocking(False)
        self._orders = orders
        self.lost = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(orders, self._spawner_ended)

    async def start(
        self,
        role: str,
        version: str = "",
        settings: Mapping[str, Any] | None = None,
        *,
        faults: Sequence[str] = (),
        listeners: Iterable[socket.socket] = (),
    ) -> Process:
        """Have a process started; the listeners become its own. It is not ready yet."""
        given = list(listeners)
        ours, theirs = socket.socketpair()
        order = {"role": role, "version": version, "settings": dict(settings or {}), "faults": list(faults)}
        try:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [s.fileno() for s in (theirs, *given)])
        except OSError as exc:
            ours.close()
            raise StageError(f"{role} cannot be started: {exc}") from exc
        finally:
            for one in (theirs, *given):
                one.close()
        return Process(f"{role} {version}".strip(), *await asyncio.open_connection(sock=ours))

    def close(self) -> None:
        """Let the spawner go."""
        asyncio.get_running_loop().remove_reader(self._orders)
        self._orders.close()

    def _spawner_ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._orders)
        if not self.lost.done():
            self.lost.set_result(None)


class Port:
    """A loopback port that stays ours while servers come and go on it: bound, but without listening."""

    def __init__(self) -> None:
        self._reserved = _bound(0)
        self.number: int = self._reserved.getsockname()[1]

    @property
    def url(self) -> str:
        """Its base URL, without a trailing slash."""
        return f"http://{_LOOPBACK}:{self.number}"

    def listener(self) -> socket.socket:
        """One more socket on the port, for a server to listen on; several may at the same time."""
        return _bound(self.number)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((_LOOPBACK, port))
    return bound
