"""Clients of the stage's socket, one for plain code and one for asyncio."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from controlroom.errors import StageError, UsageError

_LIMIT: Final = 1 << 20
_Say = Callable[[str], None]


def _ignore(_: str) -> None:
    pass


class Outcome(NamedTuple):
    """How a command ended: the exit code, the result if it has one, and what went wrong if something did."""

    code: int
    result: Any
    error: str | None


class StageClient:
    """Speaks to the stage at `path`; each command takes a connection of its own.

    Commands raise UsageError for words that the stage does not know, StageError when it is gone or the command failed;
    the message is what the stage said.
    """

    def __init__(self, path: Path, timeout_s: float | None = 60.0) -> None:
        self._path, self._timeout_s = path, timeout_s

    def call(self, command: str, *args: str, on_line: _Say = _ignore) -> Outcome:
        """Run a command and return how it ended; `on_line` gets what the stage says meanwhile."""
        with self._connect() as stage:
            for answer in _answers(stage, _request(command, args)):
                if "code" in answer:
                    return Outcome(**answer)
                on_line(answer["say"])
        raise StageError("the stage ended before it answered")

    def deploy(self, service: str, version: str, on_line: _Say = _ignore) -> None:
        """Replace the live process of `service` by one of `version`."""
        self._insist("deploy", service, version, on_line=on_line)

    def migrate(self, direction: str, on_line: _Say = _ignore) -> None:
        """Apply the pending migrations (`up`), undo the newest (`down`), or list them (`status`)."""
        self._insist("migrate", direction, on_line=on_line)

    def canary(self, service: str, version: str, on_line: _Say = _ignore) -> None:
        """Start a release of `service` beside the live one, or take it away (`none`)."""
        self._insist("canary", service, version, on_line=on_line)

    def weigh(self, service: str, percent: int) -> None:
        """Send so many per cent of the public's visitors to the release on trial."""
        self._insist("weigh", service, str(percent))

    def invalidate(self) -> None:
        """Invalidate the edge's cache."""
        self._insist("invalidate")

    def fault(self, spec: str, *, on: bool = True) -> list[str]:
        """Switch a fault on or off; returns the faults that are on."""
        faults: list[str] = self._insist("fault", spec, "on" if on else "off")
        return faults

    def faults(self) -> list[str]:
        """The faults that are on."""
        faults: list[str] = self._insist("fault", "list")
        return faults

    def report(self) -> dict[str, Any]:
        """What the stage itself saw: services with their deploys, migrations, traffic, public requests, faults."""
        report: dict[str, Any] = self._insist("report")
        return report

    def end(self) -> None:
        """Ask the stage to end; it is gone within 3 s."""
        self._insist("end")

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the stage up for as long as the context lasts."""
        with self._connect() as stage:
            next(_answers(stage, _request("hold", ())), None)
            yield

    def _insist(self, command: str, *args: str, on_line: _Say = _ignore) -> Any:
        said: list[str] = []

        def note(line: str) -> None:
            said.append(line)
            on_line(line)

        return _checked(command, self.call(command, *args, on_line=note), said)

    def _connect(self) -> socket.socket:
        stage = socket.socket(socket.AF_UNIX)
        try:
            stage.settimeout(self._timeout_s)
            stage.connect(str(self._path))
        except OSError as exc:
            stage.close()
            raise _silent(exc) from exc
        return stage


def _answers(stage: socket.socket, request: bytes) -> Iterator[dict[str, Any]]:
    try:
        stage.sendall(request)
        with stage.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)
    except OSError as exc:
        raise _silent(exc) from exc


class AsyncStageClient:
    """The same for asyncio, as far as the engine's side needs it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def call(self, command: str, *args: str, on_line: _Say = _ignore) -> Outcome:
        """As StageClient.call; cancelling it makes the stage cancel the command."""
        async with self._connected() as (reader, writer):
            writer.write(_request(command, args))
            while line := await _line(reader):
                answer = json.loads(line)
                if "code" in answer:
                    return Outcome(**answer)
                on_line(answer["say"])
        raise StageError("the stage ended before it answered")

    async def report(self) -> dict[str, Any]:
        """As StageClient.report."""
        report: dict[str, Any] = await self._insist("report")
        return report

    async def fault(self, spec: str, *, on: bool = True) -> list[str]:
        """As StageClient.fault."""
        faults: list[str] = await self._insist("fault", spec, "on" if on else "off")
        return faults

    async def end(self) -> None:
        """As StageClient.end."""
        await self._insist("end")

    @contextlib.asynccontextmanager
    async def hold(self) -> AsyncIterator[asyncio.StreamReader]:
        """Keep the stage up for as long as the context lasts; the reader meets its end when the stage does."""
        async with self._connected() as (reader, writer):
            writer.write(_request("hold", ()))
            await _line(reader)
            yield reader

    async def _insist(self, command: str, *args: str) -> Any:
        said: list[str] = []
        return _checked(command, await self.call(command, *args, on_line=said.append), said)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._path, limit=_LIMIT)
        except OSError as exc:
            raise _silent(exc) from exc
        try:
            yield reader, writer
        finally:
            writer.close()


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except OSError as exc:
        raise _silent(exc) from exc


def _silent(exc: OSError) -> StageError:
    return StageError(f"the stage does not answer: {exc}")


def _request(command: str, args: tuple[str, ...]) -> bytes:
    return json.dumps({"command": command, "args": args}).encode() + b"\n"


def _checked(command: str, outcome: Outcome, said: list[str]) -> Any:
    why = outcome.error or f"{command} failed: " + "\n".join(said)
    if outcome.code == UsageError.exit_code:
        raise UsageError(why)
    if outcome.code != 0:
        raise StageError(why)
    return outcome.result
