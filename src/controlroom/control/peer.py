"""Who is at the other end of a socket, by the kernel's word, and what that account may do."""

from __future__ import annotations

import grp
import os
import pwd
import re
import socket
import stat
import struct
import tomllib
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from controlroom.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SO_PEERGROUPS = getattr(socket, "SO_PEERGROUPS", 59)  # Linux 4.13; Python has no name for it
_MOST_GROUPS = 1024
_ROOT = 0
_LABEL_LENGTH = 40


class Authority(StrEnum):
    """What an account may do."""

    DRIVE = "drive"
    OBSERVE = "observe"


class Peer(Struct, frozen=True, kw_only=True):
    """The process that connected, as it was then."""

    pid: int
    uid: int
    gids: frozenset[int]


class Members(Struct, frozen=True, kw_only=True):
    """Accounts and groups, as numbers."""

    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()

    def has(self, peer: Peer) -> bool:
        """Whether `peer` is one of them."""
        return peer.uid in self.uids or not self.gids.isdisjoint(peer.gids)


class Access(Struct, frozen=True, kw_only=True):
    """Who may do what: the owner of the run and root drive, and so do operators; observers look on.

    `unknown` names in the configuration mean nobody on this machine.
    """

    owner: int
    operators: Members = Members()
    observers: Members = Members()
    unknown: tuple[str, ...] = ()

    @property
    def shared(self) -> bool:
        """Whether accounts other than the owner's have to reach the socket."""
        return bool(self.operators.uids or self.operators.gids or self.observers.uids or self.observers.gids)

    def authority(self, peer: Peer) -> Authority | None:
        """What `peer` may do; None is nothing at all."""
        if peer.uid in {self.owner, _ROOT} or self.operators.has(peer):
            return Authority.DRIVE
        return Authority.OBSERVE if self.observers.has(peer) else None


def peer_of(sock: socket.socket) -> Peer:
    """The peer of a connected Unix socket. Raises OSError when it is gone."""
    credentials = struct.Struct("3i")
    pid, uid, gid = credentials.unpack(sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, credentials.size))
    gids = {gid}
    with suppress(OSError):  # more groups than fit, or an old kernel: the primary group alone counts
        packed = sock.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_GROUPS)
        gids.update(struct.unpack(f"{len(packed) // 4}I", packed))
    return Peer(pid=pid, uid=uid, gids=frozenset(gids))


class _AccessTable(Struct, forbid_unknown_fields=True):
    operators: list[str] = []
    observers: list[str] = []


class _Config(Struct):
    access: _AccessTable = msgspec.field(default_factory=_AccessTable)


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the configuration is, if there is one."""
    chosen = environ.get("XDG_CONFIG_HOME", "")
    return Path(chosen if chosen.startswith("/") else Path("~/.config").expanduser()) / "controlroom" / "config.toml"


def load_access(path: Path, *, owner: int) -> Access:
    """What `[access]` at `path` says; only the owner (and root) where there is no file.

    Raises UsageError when it cannot be read, makes no sense, or could have been written by somebody else.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid not in {owner, _ROOT} or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise UsageError(
                    f"{path} decides who may drive, and others may write it: chmod go-w, or change its owner"
                )
            table = msgspec.convert(tomllib.load(file), _Config).access
    except FileNotFoundError:
        return Access(owner=owner)
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise UsageError(f"{path}: {exc}") from exc
    unknown: list[str] = []
    operators, observers = _resolve(table.operators, unknown), _resolve(table.observers, unknown)
    return Access(owner=owner, operators=operators, observers=observers, unknown=tuple(unknown))


def _resolve(names: list[str], unknown: list[str]) -> Members:
    uids, gids = set(), set()
    for name in names:
        try:
            if name.startswith("@"):
                gids.add(grp.getgrnam(name[1:]).gr_gid)
            else:
                uids.add(pwd.getpwnam(name).pw_uid)
        except KeyError:
            unknown.append(name)
    return Members(uids=frozenset(uids), gids=frozenset(gids))


def operator_name(uid: int, label: str = "") -> str:
    """The account's name, or `label (account)`: a label tells people apart, it is no authority."""
    try:
        account = pwd.getpwuid(uid).pw_name
    except KeyError:
        account = f"uid {uid}"
    shown = re.sub(r"[^\w .@+-]", "", label).strip()[:_LABEL_LENGTH].strip()
    return f"{shown} ({account})" if shown and shown != account else account
