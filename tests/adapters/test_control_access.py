"""Who is let in: the kernel's word on the peer against what the configuration says, with real other accounts."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import pwd
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.adapters.control_room import room

from controlroom.control.peer import Access, Authority, Members, Peer, config_path, load_access, operator_name
from controlroom.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 65534
OTHER_GROUP = 12345
STRANGER = """
import json, os, socket, sys
sock = socket.socket(socket.AF_UNIX)
os.chdir(sys.argv[1])
os.setgroups([int(g) for g in sys.argv[4].split(",") if g]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2]))
try:
    sock.connect("ctl.sock")
    sock.sendall(b'{"type":"Hello","role":"screen","label":"root"}\\n')
    sock.sendall(b'{"type":"Give","id":"evil","command":{"type":"Hold"}}\\n')
except PermissionError:
    print(json.dumps("may not connect")); sys.exit()
except OSError:
    pass
heard = []
try:
    for line in sock.makefile():
        heard.append(json.loads(line))
        if heard[-1]["type"] == "Answered":
            break
except OSError:
    pass
print(json.dumps(heard))
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


async def visit(path: Path, *, uid: int = NOBODY, gid: int = NOBODY, groups: str = "") -> Any:
    """What a process of another account hears on the socket in `path`."""
    stranger = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STRANGER, str(path), str(uid), str(gid), groups, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(stranger.communicate(), 20)
    return json.loads(output)


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A run folder that everybody can get at, so that only the kernel's word on the peer is left."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path


@as_root
async def test_a_stranger_is_closed_out_before_a_byte_is_read(open_folder: Path) -> None:
    """Somebody whom nothing admits gets an end of file, not even a Welcome; the engine never hears of it."""
    access = Access(owner=0, observers=Members(uids=frozenset({OTHER_GROUP})))
    async with room(open_folder / "ctl.sock", access=access) as here:
        assert await visit(open_folder) == []
        assert here.server.sessions == []
        assert here.server._count == 0
        assert (here.desk.snapshots, here.desk.orders, here.desk.attached) == (0, [], [])


@as_root
async def test_without_sharing_others_cannot_even_connect(open_folder: Path) -> None:
    """The socket's own mode keeps them away where the configuration names nobody."""
    async with room(open_folder / "ctl.sock", access=Access(owner=0)):
        assert await visit(open_folder) == "may not connect"


@as_root
@pytest.mark.parametrize("groups", ["", str(OTHER_GROUP)])
async def test_an_observer_looks_on(open_folder: Path, groups: str) -> None:
    """S25: an observer, by name or by supplementary group, is shown all and may command nothing, label or no label."""
    members = Members(gids=frozenset({OTHER_GROUP})) if groups else Members(uids=frozenset({NOBODY}))
    async with room(open_folder / "ctl.sock", access=Access(owner=0, observers=members)) as here:
        heard = await visit(open_folder, groups=groups)
        assert [reply["type"] for reply in heard[:2]] == ["Welcome", "Snapshot"]
        assert heard[0]["may_drive"] is False
        assert heard[0]["operator"] == "root (nobody)"
        assert heard[-1]["ok"] is False
        assert (here.desk.orders, here.desk.attached) == ([], [])


@as_root
async def test_an_operator_drives(open_folder: Path) -> None:
    """S25: an operator of another account, by primary group, commands as itself."""
    access = Access(owner=0, operators=Members(gids=frozenset({OTHER_GROUP})))
    async with room(open_folder / "ctl.sock", access=access) as here:
        heard = await visit(open_folder, gid=OTHER_GROUP)
        assert heard[-1] == {"type": "Answered", "id": "evil", "ok": True, "message": "Hold accepted"}
        assert here.desk.orders[0].uid == NOBODY
        assert here.desk.orders[0].operator == "root (nobody)"


def peer(uid: int, *gids: int) -> Peer:
    return Peer(pid=1, uid=uid, gids=frozenset(gids))


def test_owner_and_root_always_drive() -> None:
    """Nobody can be locked out of an own run; whoever is listed in both drives; others are nobody."""
    access = Access(
        owner=1000,
        operators=Members(uids=frozenset({7})),
        observers=Members(uids=frozenset({7, 8}), gids=frozenset({50})),
    )
    assert [access.authority(peer(uid, 99)) for uid in (1000, 0, 7, 8, 9)] == [
        Authority.DRIVE,
        Authority.DRIVE,
        Authority.DRIVE,
        Authority.OBSERVE,
        None,
    ]
    assert access.authority(peer(9, 99, 50)) is Authority.OBSERVE
    assert access.shared
    assert not Access(owner=1000).shared


def test_names_and_groups_are_read_from_the_configuration(tmp_path: Path) -> None:
    """Accounts and @groups become numbers; names that mean nobody here are reported, not guessed."""
    account, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    path = tmp_path / "config.toml"
    path.write_text(
        f'[access]\noperators = ["{account}", "no-such-account"]\nobservers = ["@{group}", "@no-such-group"]\n'
    )
    access = load_access(path, owner=4711)
    # The file is the test's own, so the owner has to be the test's account or root for it to count.
    assert access.operators == Members(uids=frozenset({os.geteuid()}))
    assert access.observers == Members(gids=frozenset({os.getegid()}))
    assert access.unknown == ("no-such-account", "@no-such-group")


def test_without_a_configuration_only_the_owner_drives(tmp_path: Path) -> None:
    """No file, or one without [access], admits nobody else."""
    (tmp_path / "other.toml").write_text('theme = "calm"\n')
    for name in ("absent.toml", "other.toml"):
        assert load_access(tmp_path / name, owner=os.geteuid()) == Access(owner=os.geteuid())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[access\n", "config.toml: "),
        ('[access]\noperatros = ["ana"]\n', "operatros"),
        ('[access]\noperators = "ana"\n', "Expected `array`"),
        ("[access]\noperators = [7]\n", "Expected `str`"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """A typo in who may drive stops the start, naming file and key: it must not mean nobody, or everybody."""
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        load_access(path, owner=os.geteuid())


def test_a_configuration_that_others_may_write_is_refused(tmp_path: Path) -> None:
    """Whoever could write the file could make themselves an operator."""
    path = tmp_path / "config.toml"
    path.write_text("[access]\n")
    path.chmod(0o666)
    with pytest.raises(UsageError, match="others may write it"):
        load_access(path, owner=os.geteuid())


@as_root
def test_a_configuration_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """Only the owner of the run, or root, says who may drive it."""
    path = tmp_path / "config.toml"
    path.write_text("[access]\n")
    os.chown(path, NOBODY, NOBODY)
    with pytest.raises(UsageError, match="others may write it"):
        load_access(path, owner=0)


def test_a_label_is_no_disguise() -> None:
    """A label is shown in front of the account, without anything that could imitate one; alone it says nothing new."""
    account = pwd.getpwuid(os.geteuid()).pw_name
    assert operator_name(os.geteuid()) == account
    assert operator_name(os.geteuid(), account) == account
    assert operator_name(os.geteuid(), "eve (root)") == f"eve root ({account})"
    assert operator_name(os.geteuid(), "\u202eana\x1b]0;x\x07 " + "x" * 100).startswith("ana0x x")
    assert len(operator_name(os.geteuid(), "x" * 1000)) <= 43 + len(account)
    assert operator_name(4242424, "ana") == "ana (uid 4242424)"


def test_the_configuration_is_where_xdg_says(tmp_path: Path) -> None:
    """XDG_CONFIG_HOME counts when it is absolute."""
    assert config_path({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "controlroom" / "config.toml"
    assert config_path({"XDG_CONFIG_HOME": "relative"}).parts[-3:] == (".config", "controlroom", "config.toml")
