"""Prism between us and a fake: it refuses requests that break a vendor's specification, and fakes that do (500)."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE_S = 60.0


def specification(name: str) -> Path:
    """The vendor's specification at CONTROLROOM_SPECS; skips where it, or Prism, is not to be had."""
    folder = os.environ.get("CONTROLROOM_SPECS", "")
    path = Path(folder) / name
    if not folder or not path.is_file():
        pytest.skip("the vendors' specifications are not here (CONTROLROOM_SPECS)")
    if _program() is None:
        pytest.skip("Prism is not installed (npm install @stoplight/prism-cli; on PATH, or CONTROLROOM_PRISM)")
    return path


@asynccontextmanager
async def prism(spec: Path, upstream: str) -> AsyncIterator[str]:
    """The URL under which `upstream` is asked through Prism."""
    program = _program()
    assert program is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program, "proxy", "--errors", "-h", "127.0.0.1", "-p", str(port), str(spec), upstream,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while b"Prism is listening" not in said:
                line = await process.stdout.readline()
                assert line, said.decode()
                said += line
        reading = asyncio.ensure_future(process.stdout.read())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
    await reading


def _program() -> str | None:
    return shutil.which(os.environ.get("CONTROLROOM_PRISM", "prism"))
