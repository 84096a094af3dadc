"""The one HTTP client of an engine: kept connections, one certificate store, no cookies, no redirects unless told."""

from __future__ import annotations

import logging
import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

KEEP_S: Final = 4.0
"""An idle connection is dropped before the peer does so (uvicorn, Node: 5 s): no request meets a closing one."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class LoopbackOnly(httpx.AsyncBaseTransport):
    """Lets requests to this machine through and refuses all others: what a rehearsal may reach (S30)."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass `request` on if it stays on this machine."""
        if request.url.host not in LOOPBACK:
            raise httpx.UnsupportedProtocol(f"a rehearsal reaches this machine only, not {request.url.host}")
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()


def open_client(*, loopback_only: bool) -> httpx.AsyncClient:
    """A client for everything that speaks HTTP; made once, since the certificates alone cost 20-30 ms.

    It never logs, since URLs may hold secrets. Outside rehearsals the proxies of the environment are used.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=KEEP_S)
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
    context = _trusted_certificates()
    if not loopback_only:
        return httpx.AsyncClient(verify=context, limits=limits, cookies=no_cookies)
    transport = LoopbackOnly(httpx.AsyncHTTPTransport(verify=context, limits=limits, trust_env=False))
    return httpx.AsyncClient(transport=transport, trust_env=False, cookies=no_cookies)


def _trusted_certificates() -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        import certifi  # noqa: PLC0415 - only on hosts without certificates of their own

        context.load_verify_locations(certifi.where())
    return context
