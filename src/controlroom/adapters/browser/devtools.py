"""Chromium's DevTools protocol, as far as opening a page needs it: calls, their answers, and events in between."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.trouble import NoAnswer, Unable

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Callable

LONGEST: Final = 64 * 1024 * 1024
"""Bytes of one message; a picture of the page is the longest that is asked for."""
_END: Final = b"\0"


class DevTools:
    """One conversation. `on_event` takes the name and the content of each event as it comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ended = ""
        self.on_event: Callable[[str, dict[str, Any]], None] = lambda _name, _content: None

    @classmethod
    @asynccontextmanager
    async def over(cls, ours: socket.socket) -> AsyncIterator[DevTools]:
        """A conversation over this end of a socket, which is closed afterwards."""
        reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST)
        tools = cls(reader, writer)
        pump = asyncio.create_task(tools._pump(), name="browser")
        try:
            yield tools
        finally:
            pump.cancel()
            writer.close()
            with suppress(asyncio.CancelledError):
                await pump

    async def call(self, method: str, *, session: str = "", **params: Any) -> dict[str, Any]:
        """What the browser answers. Raises Unable when it refuses, NoAnswer when it is gone."""
        if self._ended:
            raise NoAnswer(self._ended, sent=False)
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(json.dumps(message).encode() + _END)
            await self._writer.drain()
            return await answer
        except OSError as exc:
            raise NoAnswer("the browser is gone", sent=False) from exc
        finally:
            self._waiting.pop(number, None)

    async def _pump(self) -> None:
        """Take what comes until the browser is gone."""
        why = "the browser is gone"
        try:
            while True:
                self._take(json.loads((await self._reader.readuntil(_END))[:-1]))
        except (asyncio.IncompleteReadError, OSError):
            pass
        except (asyncio.LimitOverrunError, ValueError, RecursionError):
            why = "the browser says what cannot be understood"
        finally:
            self._ended = why
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(NoAnswer(why, sent=True))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            self.on_event(message.get("method", ""), message.get("params", {}))
            return
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
        if error := message.get("error"):
            answer.set_exception(Unable(f"the browser refuses: {error.get('message', 'no reason')}"))
        else:
            answer.set_result(message.get("result", {}))
