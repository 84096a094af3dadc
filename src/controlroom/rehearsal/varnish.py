"""A real Varnish where the edge has a cache of its own: a child of the stage, on loopback, its files in the folder.

It caches the frontend as its headers allow. `BAN /` drops everything and `PURGE` one page; `/api` passes through.
"""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.fleet import Port
from controlroom.rehearsal.plain import give, spawn
from controlroom.rehearsal.wire import WireError, fetch

NAME: Final = "varnish"
_UP_S: Final = 15.0
_END_S: Final = 1.0
_SYSTEM: Final = ("/usr/local/sbin", "/usr/sbin")
"""Where distributions put servers, which is not on everybody's PATH."""
_SETTINGS: Final = {
    "thread_pools": "1",
    "thread_pool_min": "5",
    "thread_pool_max": "100",
    "vsl_space": "1M",  # its log in shared memory; 80 MB otherwise
}
_VCL: Final = """vcl 4.1;

backend frontend {{ .host = "127.0.0.1"; .port = "{frontend}"; }}
backend apis {{ .host = "127.0.0.1"; .port = "{apis}"; }}
acl stage {{ "127.0.0.1"; }}

sub vcl_recv {{
    set req.http.Host = "shop";  // one page, by whatever name it is asked for
    if (req.method == "BAN" || req.method == "PURGE") {{
        if (client.ip !~ stage) {{
            return (synth(405));
        }}
        if (req.method == "PURGE") {{
            return (purge);
        }}
        ban("obj.status != 0");
        return (synth(200, "Banned"));
    }}
    if (req.url ~ "^/api/") {{
        set req.backend_hint = apis;
        return (pass);
    }}
    set req.backend_hint = frontend;
    unset req.http.Cookie;
}}

sub vcl_deliver {{
    if (obj.hits > 0) {{
        set resp.http.X-Cache = "HIT";
    }} else {{
        set resp.http.X-Cache = "MISS";
    }}
}}
"""


def program() -> Path:
    """Where varnishd is. Raises UsageError."""
    found = shutil.which("varnishd", path=os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM)))
    if found is None:
        raise UsageError("--edge varnish needs varnishd: apt-get install varnish")
    return Path(found)


class Varnish:
    """One varnishd with its worker, on a port of its own; `folder` is the stage's."""

    def __init__(self, folder: Path, frontend: Port, apis: Port) -> None:
        self._folder = folder / NAME
        self._port = Port()
        self._vcl = _VCL.format(frontend=frontend.number, apis=apis.number)
        self._server: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Its base URL."""
        return self._port.url

    async def start(self, say: Callable[[str], None]) -> None:
        """Bring it up, with an empty cache; StageError when it does not come up."""
        self._folder.mkdir(0o700)
        vcl = self._folder / "stage.vcl"
        vcl.write_text(self._vcl, encoding="ascii")
        give(self._folder)
        give(vcl)
        self._server = await spawn(
            program(),
            *("-F", "-j", "none", "-T", "none", "-n", str(self._folder), "-f", str(vcl)),
            *("-a", f"127.0.0.1:{self._port.number}", "-s", f"file,{self._folder / 'cache'},16m"),
            *(word for name, value in _SETTINGS.items() for word in ("-p", f"{name}={value}")),
            dies_with=signal.SIGTERM,
            stdout=None,
        )
        await self._await_ready()
        say(f"Varnish answers on port {self._port.number}")

    async def stop(self) -> None:
        """End it and its worker."""
        if self._server is None or self._server.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._server.terminate()
        try:
            await asyncio.wait_for(self._server.wait(), _END_S)
        except TimeoutError:
            # The worker ends by itself once its line to the manager does.
            with contextlib.suppress(ProcessLookupError):
                self._server.kill()
            await self._server.wait()

    async def _await_ready(self) -> None:
        assert self._server is not None  # noqa: S101 - just started
        try:
            async with asyncio.timeout(_UP_S):
                while self._server.returncode is None:
                    with contextlib.suppress(WireError):
                        await fetch(f"{self.url}/", "BAN")
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise StageError(f"Varnish does not answer within {_UP_S:.0f} s") from None
        raise StageError(f"Varnish ended with code {self._server.returncode}; the stage's log says why")
