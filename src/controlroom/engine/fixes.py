"""What to do about a source that says nothing, by what it says instead."""

from __future__ import annotations

_FIXES = (
    ("no Chromium", "install chromium, or controlroom[browser] and then: playwright install chromium"),
    ("the browser does not start", "start it by hand as the same user: it says more"),
    ("is not set", "give the secret that it needs"),
    ("cannot be read", "give the secret that it needs"),
    ("HTTP 401", "check its token or keys"),
    ("HTTP 403", "check what its token or keys may do"),
    ("HTTP 404", "check its URL"),
    ("does not resolve", "check its URL, and that this machine resolves the name"),
    ("TLS", "trust its certificate here: SSL_CERT_FILE in the engine's environment"),
    ("web page", "check its URL, and that its token spares it the login"),
    ("query", "correct the query"),
)


def fix_of(cause: str, otherwise: str = "see that the source answers") -> str:
    """The fix for `cause`, a sentence of an adapter."""
    return next((fix for sign, fix in _FIXES if sign in cause), otherwise)
