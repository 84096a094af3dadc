"""What the HTTP adapter says about every way in which a peer can fail."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters import exchange as exchange_module
from controlroom.adapters.clock import SystemClock
from controlroom.adapters.exchange import MAX_BODY, exchange, make_request
from controlroom.adapters.http_client import open_client
from controlroom.adapters.trouble import NoAnswer, Unable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx
    from tests.adapters.conftest import Peer

CLOCK = SystemClock()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client as a production run has it, without the proxies of this machine."""
    made = open_client(loopback_only=False)
    yield made
    await made.aclose()


async def failure(client: httpx.AsyncClient, url: str, timeout_s: float = 5.0, method: str = "GET") -> NoAnswer:
    """How the exchange failed."""
    with pytest.raises(NoAnswer) as caught:
        await exchange(client, make_request(method, url, {}, timeout_s), CLOCK, timeout_s)
    return caught.value


async def test_refused(client: httpx.AsyncClient, dead_url: str) -> None:
    """Nothing listens: said so, and nothing was sent."""
    found = await failure(client, dead_url)
    assert str(found) == f"connection refused: nothing listens at {dead_url.removeprefix('http://')}"
    assert not found.sent


async def test_unknown_name(client: httpx.AsyncClient) -> None:
    """A name that does not resolve is told apart from a host that is down."""
    found = await failure(client, "http://nowhere.invalid/health")
    assert str(found) == "the name nowhere.invalid does not resolve"
    assert not found.sent


@pytest.mark.parametrize(
    ("answer", "then", "sentence"),
    [
        (b"", "close", "{peer} closed the connection without an answer"),
        (b"", "reset", "{peer} reset the connection"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "close",
            "the answer of {peer} breaks off after 3 of 10 bytes",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "close", "the answer of {peer} breaks off"),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
            "close",
            "{peer} does not speak HTTP here (illegal status line: bytearray(b'SSH-2.0-OpenSSH_9.2'))",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            "keep",
            "{peer} sent a body that cannot be unpacked",
        ),
    ],
)
async def test_broken_answers(client: httpx.AsyncClient, peer: Peer, answer: bytes, then: str, sentence: str) -> None:
    """Each way to break off has its own sentence, and the peer may have acted."""
    peer.say(answer, then=then)
    found = await failure(client, peer.url)
    assert str(found) == sentence.format(peer=peer.url.removeprefix("http://"))
    assert found.sent
    assert not found.timed_out


async def test_silence_and_drip(client: httpx.AsyncClient, peer: Peer) -> None:
    """The time limit holds for the whole exchange, also when something has come already."""
    where = peer.url.removeprefix("http://")
    peer.say(b"", then="hang")
    found = await failure(client, peer.url, timeout_s=0.1)
    assert (str(found), found.sent, found.timed_out) == (f"no answer from {where} within 0.1 s", True, True)
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", then="hang")
    found = await failure(client, peer.url, timeout_s=0.1)
    assert str(found) == f"the answer of {where} was not complete within 0.1 s"


async def test_no_tls_there(client: httpx.AsyncClient, peer: Peer) -> None:
    """TLS spoken to a port that speaks plain text is named as that, not a mystery."""
    peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n", then="close")
    plain = await asyncio.start_server(_refuse_hello, "127.0.0.1", 0)
    port = plain.sockets[0].getsockname()[1]
    found = await failure(client, f"https://127.0.0.1:{port}/")
    assert str(found).startswith(f"TLS: no handshake with 127.0.0.1:{port}: ")
    assert not found.sent
    plain.close()


async def _refuse_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    writer.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody has signed, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"]
    subprocess.run(["openssl", *words, "-keyout", str(key), "-out", str(made)], check=True, capture_output=True)
    return made, key


async def test_untrusted_certificate(client: httpx.AsyncClient, certificate: tuple[Path, Path]) -> None:
    """A certificate that nobody vouches for is named as the reason."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = await asyncio.start_server(_refuse_hello, "127.0.0.1", 0, ssl=context)
    found = await failure(client, f"https://localhost:{server.sockets[0].getsockname()[1]}/")
    assert str(found) == "TLS: the certificate of localhost is not accepted: self-signed certificate"
    server.close()


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "health", "http://a\x00b/"])
def test_what_is_no_url(url: str) -> None:
    """Whatever is no http URL is refused before anything is sent."""
    with pytest.raises(Unable):
        make_request("GET", url, {}, 1)


@pytest.mark.parametrize("value", ["a\r\nEvil: yes", "naïve\n"])
async def test_no_header_is_smuggled_in(client: httpx.AsyncClient, peer: Peer, value: str) -> None:
    """A header value with a line break never reaches the wire."""
    with pytest.raises((NoAnswer, Unable)):
        await exchange(client, make_request("GET", peer.url, {"X-Note": value}, 5), CLOCK, 5)
    assert peer.requests == []


async def test_big_bodies_are_cut(client: httpx.AsyncClient, peer: Peer) -> None:
    """No more than the limit is kept, however much is sent, and a small answer is whole."""
    body = gzip.compress(b"x" * (8 * MAX_BODY))
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    answer = await exchange(client, make_request("GET", peer.url, {}, 5), CLOCK, 5)
    assert (len(answer.body), answer.cut) == (MAX_BODY, True)


async def test_text_in_any_charset(client: httpx.AsyncClient, peer: Peer) -> None:
    """The charset is believed when it exists; bytes that do not fit are replaced, never an error."""
    for kind, body, text in [
        ("text/plain; charset=latin-1", "señal".encode("latin-1"), "señal"),
        ("text/plain", "señal".encode("latin-1"), "se�al"),
        ("text/plain; charset=klingon", "señal".encode(), "señal"),
    ]:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        peer.say(head.encode() + body)
        answer = await exchange(client, make_request("GET", peer.url, {}, 5), CLOCK, 5)
        assert answer.text == text


async def test_connections_are_kept(client: httpx.AsyncClient, peer: Peer) -> None:
    """Probes of one service share a connection, and no cookie of an answer is ever sent back."""
    peer.say(b"HTTP/1.1 200 OK\r\nSet-Cookie: session=abc\r\nContent-Length: 2\r\n\r\n{}")
    for _ in range(5):
        await exchange(client, make_request("GET", peer.url, {}, 5), CLOCK, 5)
    assert peer.connections == 1
    assert not any("cookie" in request.lower() for request in peer.requests)


async def test_redirects_are_followed_only_when_told(client: httpx.AsyncClient, peer: Peer) -> None:
    """A redirect is an answer; told to follow, the exchange says which way it went."""
    moved = f"HTTP/1.1 302 Found\r\nLocation: {peer.url}/there\r\nContent-Length: 0\r\n\r\n".encode()
    there = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthere"
    peer.say(moved, there)
    answer = await exchange(client, make_request("GET", peer.url, {}, 5), CLOCK, 5)
    assert answer.status == 302
    peer.say(moved, there)
    answer = await exchange(client, make_request("GET", peer.url, {}, 5), CLOCK, 5, follow=5)
    assert (answer.text, answer.hops) == ("there", (f"{peer.url}/there",))


async def test_a_rehearsal_reaches_loopback_only(peer: Peer) -> None:
    """S30: nothing of a rehearsal leaves the machine, also not by a redirect."""
    client = open_client(loopback_only=True)
    assert str(await failure(client, "http://10.0.0.1/")) == "a rehearsal reaches this machine only, not 10.0.0.1"
    peer.say(b"HTTP/1.1 302 Found\r\nLocation: http://prod.internal/\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(NoAnswer, match=r"not prod\.internal"):
        await exchange(client, make_request("GET", peer.url, {}, 5), CLOCK, 5, follow=5)
    await client.aclose()


async def test_a_firewall_that_drops(monkeypatch: pytest.MonkeyPatch, client: httpx.AsyncClient) -> None:
    """A connection has its own, shorter limit, so that a silent firewall does not look like a slow service."""
    monkeypatch.setattr(exchange_module, "CONNECT_S", 0.05)
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)  # a queue that is full drops what comes, as a firewall does
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        found = await failure(client, f"http://127.0.0.1:{port}/", timeout_s=30)
    assert str(found) == f"no connection to 127.0.0.1:{port} within 0.05 s"
    assert (found.sent, found.timed_out) == (False, True)
