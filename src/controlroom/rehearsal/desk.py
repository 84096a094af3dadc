"""The stage's socket: one command a connection, JSON lines both ways.

A request is `{"command": NAME, "args": [TEXT…]}`. The answer is any number of `{"say": TEXT}` and then one
`{"code": N, "result": …, "error": TEXT or null}`, where N is the exit code for the command's client. A client that
leaves before that cancels its command.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from controlroom.errors import ControlroomError, UsageError

Say = Callable[[str], None]
Command = Callable[[list[str], Say], Awaitable[tuple[int, Any]]]
"""Takes the arguments and where to say what it is doing; returns an exit code and a result that JSON can carry."""

_MAX_REQUEST: Final = 65536


class Desk:
    """Listens on `path` for this user alone; `hold` keeps the stage up for as long as its connection lasts."""

    def __init__(self, path: Path, commands: Mapping[str, Command], on_holders: Callable[[int], None]) -> None:
        self._path, self._commands, self._on_holders = path, commands, on_holders
        self._holders = 0
        self._server: asyncio.Server | None = None
        self._at_work: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Start listening."""
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=_MAX_REQUEST)
        self._path.chmod(0o600)

    async def close(self) -> None:
        """Stop listening and cancel what is under way."""
        if self._server is not None:
            self._server.close()
        for task in self._at_work:
            task.cancel()
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=1)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is served by a task
        self._at_work.add(task)
        try:
            if _peer(writer) in {0, os.geteuid()}:
                await self._answer(reader, writer)
        except (OSError, ValueError, asyncio.CancelledError):
            pass  # the client is gone or speaks something else, or the stage ends: nobody awaits this task
        finally:
            self._at_work.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match json.loads(await reader.readline() or b"null"):
            case {"command": str(name), "args": [*words]} if all(isinstance(word, str) for word in words):
                pass
            case _:
                return
        if name == "hold":
            await self._hold(reader, writer)
            return

        def say(line: str) -> None:
            _send(writer, say=line)

        error = None
        try:
            code, result = await self._carried_out(name, words, say, reader)
        except ControlroomError as exc:
            code, result, error = exc.exit_code, None, str(exc)
        _send(writer, code=code, result=result, error=error)
        await writer.drain()

    async def _carried_out(
        self, name: str, words: list[str], say: Say, reader: asyncio.StreamReader
    ) -> tuple[int, Any]:
        if name not in self._commands:
            raise UsageError(f"the stage has no command {name!r}; it has {', '.join(sorted(self._commands))}")
        work = asyncio.ensure_future(self._commands[name](words, say))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait((work, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
        try:
            return await work
        except asyncio.CancelledError:
            raise ConnectionAbortedError from None

    async def _hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._holders += 1
        self._on_holders(self._holders)
        try:
            _send(writer, code=0, result=None, error=None)
            while await reader.read(_MAX_REQUEST):
                pass
        finally:
            self._holders -= 1
            self._on_holders(self._holders)


def _send(writer: asyncio.StreamWriter, **message: object) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        writer.write(json.dumps(message).encode() + b"\n")


def _peer(writer: asyncio.StreamWriter) -> int:
    """The user id at the other end."""
    connection = writer.get_extra_info("socket")
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(user)
