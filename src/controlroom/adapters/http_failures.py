"""Why an HTTP exchange failed, in a sentence for the operator; never with a secret: only host and port are named."""

from __future__ import annotations

import os
import re
import socket
import ssl
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


def unsent(exc: Exception) -> bool:
    """True when the request cannot have reached the peer."""
    return isinstance(exc, (*_UNSENT, httpx.LocalProtocolError)) or not isinstance(exc, httpx.HTTPError)


def is_ours(exc: BaseException) -> bool:
    """True when no peer ever saw it: a name that does not resolve, a certificate that is not trusted here."""
    return any(isinstance(cause, socket.gaierror | ssl.SSLCertVerificationError) for cause in _causes(exc))


def sentence(exc: Exception, request: httpx.Request) -> str:
    """What went wrong with `request`."""
    where = request.url.netloc.decode()
    if isinstance(exc, httpx.ConnectTimeout):
        return f"no connection to {where} within {request.extensions['timeout']['connect']:g} s"
    if isinstance(exc, httpx.TimeoutException):
        return f"no answer from {where} in time"
    if isinstance(exc, httpx.ProxyError):
        return f"the proxy on the way to {where} refused: {exc}"
    if isinstance(exc, httpx.UnsupportedProtocol | httpx.TooManyRedirects):
        return str(exc)
    if isinstance(exc, httpx.DecodingError):
        return f"{where} sent a body that cannot be unpacked"
    if isinstance(exc, httpx.LocalProtocolError):
        return "the request cannot be sent: a header holds what HTTP does not allow"
    if isinstance(exc, httpx.RemoteProtocolError):
        return _broken_protocol(str(exc), where)
    return _no_connection(exc, request.url.host, where)


def _broken_protocol(said: str, where: str) -> str:
    if "without sending a response" in said:
        return f"{where} closed the connection without an answer"
    if "complete message body" in said:
        counted = re.search(r"received (\d+) bytes, expected (\d+)", said)
        how_far = f" after {counted[1]} of {counted[2]} bytes" if counted else ""
        return f"the answer of {where} breaks off{how_far}"
    return f"{where} does not speak HTTP here ({said[:80]})"


def _no_connection(exc: Exception, host: str, where: str) -> str:
    for cause in _causes(exc):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: the certificate of {host} is not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLWantReadError):
            return f"TLS: no handshake with {where}: {cause.reason or cause}"
        if isinstance(cause, socket.gaierror | UnicodeError):
            return f"the name {host} does not resolve"
        if isinstance(cause, ConnectionRefusedError):
            return f"connection refused: nothing listens at {where}"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return f"{where} reset the connection"
        if isinstance(cause, OSError) and cause.errno:
            return f"{where} cannot be reached: {os.strerror(cause.errno)}"
    return f"the connection to {where} broke: {str(exc) or type(exc).__name__}"


def _causes(exc: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = exc
    while cause is not None:
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            for inner in cause.exceptions:
                yield from _causes(inner)
        cause = cause.__cause__ or cause.__context__
