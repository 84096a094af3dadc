"""The stage's socket, spoken to by its clients and by those who mean it badly."""

import asyncio
import socket
import subprocess
import time

import pytest

from controlroom.errors import StageError, UsageError
from controlroom.rehearsal.client import AsyncStageClient
from controlroom.rehearsal.process import StageHandle

pytestmark = pytest.mark.stage


def _send(stage: StageHandle, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(5)
        raw.connect(str(stage.socket))
        raw.sendall(request)
        raw.shutdown(socket.SHUT_WR)
        try:
            return raw.makefile("rb").read()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(
    "request_line", [b"", b"\n", b"{", b"[]\n", b'{"command": 1, "args": []}\n', b'{"command": "deploy"}\n', b"\xff\n"]
)
def test_nonsense_gets_no_answer_and_does_no_harm(stage: StageHandle, request_line: bytes) -> None:
    """A connection that does not speak the protocol is dropped."""
    assert _send(stage, request_line) == b""
    assert stage.client.faults() == []


def test_a_request_without_end_is_dropped(stage: StageHandle) -> None:
    """A line is bounded: the stage does not read on for ever."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(5)
        raw.connect(str(stage.socket))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            raw.sendall(b"x" * (64 << 20))
    assert stage.client.faults() == []


def test_an_unknown_command_is_named(stage: StageHandle) -> None:
    """Exit code 2 and what there is."""
    code, _, error = stage.client.call("destroy")
    assert code == 2
    assert error is not None
    assert "deploy, end, fault, invalidate, migrate, report" in error


async def test_the_asyncio_client_does_the_same(stage: StageHandle) -> None:
    """Report, faults and calls with lines as they come."""
    client = AsyncStageClient(stage.socket)
    assert await client.fault("auth:errors=5%") == ["auth:errors=5%"]
    assert (await client.report())["faults"] == ["auth:errors=5%"]
    assert await client.fault("auth:errors", on=False) == []
    said: list[str] = []
    assert (await client.call("deploy", "auth", "v2.0.0", on_line=said.append)).code == 0
    assert said[0].startswith("starting auth v2.0.0")
    with pytest.raises(UsageError):
        await client.fault("nothing")
    with pytest.raises(StageError, match="does not answer"):
        await AsyncStageClient(stage.socket.with_name("none")).report()


async def test_cancelling_a_call_cancels_its_deploy(stage: StageHandle) -> None:
    """An asyncio caller that is cancelled leaves nothing running at the stage."""
    client = AsyncStageClient(stage.socket)
    await client.fault("deploy:catalog=hang")
    started = asyncio.Event()
    call = asyncio.create_task(client.call("deploy", "catalog", "v2.1.0", on_line=lambda _: started.set()))
    await started.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await client.call("deploy", "catalog", "v2.0.0")
    seen = (await client.report())["services"]["catalog"]
    assert (seen["live"], [deploy["version"] for deploy in seen["not_live"]]) == ("v2.0.0", ["v2.1.0"])
    await client.fault("deploy:catalog=hang", on=False)


async def test_holding_shows_the_end(stage: StageHandle) -> None:
    """A held connection is open for as long as the stage lives."""
    async with AsyncStageClient(stage.socket).hold() as line:
        reading = asyncio.create_task(line.read())
        await AsyncStageClient(stage.socket).report()
        assert not reading.done()
        reading.cancel()


def test_the_commands_start_fast(stage: StageHandle) -> None:
    """A command costs less than 60 ms before it does anything: the best of five of one that is refused at once."""

    def once() -> float:
        begun = time.monotonic()
        subprocess.run([stage.bin / "deploy"], capture_output=True, check=False)
        return time.monotonic() - begun

    assert min(once() for _ in range(5)) < 0.06


def test_a_command_of_an_ended_stage_says_so(stage: StageHandle) -> None:
    """Exit 1 with a reason, no traceback."""
    script = (stage.bin / "deploy").read_text().replace(str(stage.socket), str(stage.socket) + "-gone")
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("the stage does not answer")
    assert done.stdout == ""
