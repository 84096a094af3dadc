"""The control server: lets clients in by the kernel's word, tells all of them what happens, and waits for none."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from controlroom.control import address
from controlroom.control.conversation import Conversation, House
from controlroom.control.peer import Access, Peer, peer_of
from controlroom.control.protocol import Beat, Goodbye, Happened, Output, Presence, encode
from controlroom.control.session import Desk, Limits, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from controlroom.run.events import Record
    from controlroom.run.samples import Sample
    from controlroom.run.state import GuardStatus

_REFUSAL_PAUSE_S = 0.002
"""After a stranger was turned away: keeps a flood of them under 3 % of a core."""
_EXHAUSTED_PAUSE_S = 0.1
_encode = msgspec.json.Encoder().encode


class ControlServer:
    """Serves one run's socket for as long as its engine lives. All publishing methods return at once."""

    def __init__(
        self,
        desk: Desk,
        *,
        run: str,
        access: Access,
        limits: Limits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._access = access
        self._limits = limits or Limits()
        self._house = House(
            desk=desk,
            run=run,
            host=socket.gethostname(),
            limits=self._limits,
            monotonic=monotonic,
            snapshot=self._snapshot,
            entered=self._entered,
            orders=set(),
        )
        self._conversations: dict[Conversation, asyncio.Task[None]] = {}
        self._accepting: asyncio.Task[None] | None = None
        self._path: Path | None = None
        self._count = 0

    @property
    def sessions(self) -> list[Session]:
        """Everybody who is attached and has said who it is."""
        return [c.session for c in self._conversations if c.session is not None]

    async def start(self, path: Path) -> None:
        """Listen at `path`; a socket left by a dead engine is replaced. Raises Refused when a living one answers."""
        sock = address.listen(path, shared=self._access.shared)
        self._path = path
        self._accepting = asyncio.create_task(self._accept(sock))

    def happened(self, record: Record) -> None:
        """The next event, to everybody, in order."""
        line = encode(Happened(record=record))
        for conversation in self._conversations:
            conversation.outbox.event(record.seq, line)

    def sampled(self, samples: Iterable[Sample], guards: Mapping[str, GuardStatus]) -> None:
        """New samples, and by their keys the guards on them; a slow client gets the newest of each."""
        batch = {sample.series: Raw(_encode(sample)) for sample in samples}
        judged = {key: Raw(_encode(guard)) for key, guard in guards.items()}
        for conversation in self._attached():
            conversation.outbox.samples(batch, judged)

    def output(self, output: Output) -> None:
        """What a step printed; a slow client gets the end of it."""
        line = encode(output)
        for conversation in self._attached():
            conversation.outbox.output(line)

    def beat(self, *, at: float, elapsed_s: float) -> None:
        """Once a second: wall clock (epoch seconds) and plan seconds since the run began."""
        line = encode(Beat(at=at, elapsed_s=elapsed_s))
        for conversation in self._attached():
            conversation.outbox.beat(line)

    async def close(self, why: str) -> None:
        """Tell everybody `why`, give them a moment to read it, and take the socket away. Twice is fine."""
        if self._accepting is None:
            return
        self._accepting.cancel()
        self._accepting = None
        farewell = encode(Goodbye(why=why))
        for conversation in self._conversations:
            conversation.outbox.finish(farewell)
        tasks = list(self._conversations.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._limits.farewell_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    sock, _ = await loop.sock_accept(listener)
                except OSError:  # out of descriptors, or the client left while it queued: later is better
                    await asyncio.sleep(_EXHAUSTED_PAUSE_S)
                    continue
                if not self._admit(sock):
                    await asyncio.sleep(_REFUSAL_PAUSE_S)

    def _admit(self, sock: socket.socket) -> bool:
        """Start a conversation, or close `sock` before a byte of it is read."""
        try:
            peer = peer_of(sock)
        except OSError:
            sock.close()
            return False
        authority = self._access.authority(peer)
        full = authority is not None and self._full(peer)
        if authority is None or full:
            if full:
                with suppress(OSError):
                    sock.send(encode(Goodbye(why="too many connections are open already")))
            sock.close()
            return False
        self._count += 1
        conversation = Conversation(self._house, self._count, peer, authority)
        self._conversations[conversation] = asyncio.create_task(self._serve(conversation, sock))
        return True

    def _full(self, peer: Peer) -> bool:
        of_accounts = Counter(c.peer.uid for c in self._conversations)
        limits = self._limits
        return of_accounts[peer.uid] >= limits.clients_of_account or of_accounts.total() >= limits.clients

    async def _serve(self, conversation: Conversation, sock: socket.socket) -> None:
        try:
            await conversation.run(sock)
        finally:
            del self._conversations[conversation]
            session = conversation.session
            if session is not None and self._accepting is not None:
                self._tell_presence()
                if session.drives:
                    self._desk.screen_lost(session, orderly=conversation.orderly)

    def _entered(self, session: Session) -> None:
        self._tell_presence()
        if session.drives:
            self._desk.screen_attached(session)

    def _tell_presence(self) -> None:
        sessions = self.sessions
        screens = sorted({s.operator for s in sessions if s.drives})
        observers = sum(s.role != "ctl" and not s.drives for s in sessions)
        line = encode(Presence(screens=tuple(screens), observers=observers))
        for conversation in self._attached():
            conversation.outbox.presence(line)

    def _attached(self) -> list[Conversation]:
        return [c for c in self._conversations if c.session is not None]

    def _snapshot(self) -> tuple[int, bytes]:
        snapshot = self._desk.snapshot()
        return snapshot.state.seq, encode(snapshot)
