"""Everything that comes instead of a good answer, for the suites of all adapters that ask a vendor."""

from __future__ import annotations

from tests.adapters.vendors.http_server import Said

REFUSALS = [
    (401, {}),
    (403, {}),
    (404, {}),
    (429, {}),
    (429, {"Retry-After": "30"}),
    (500, {}),
    (502, {}),
    (503, {"Retry-After": "30"}),
]
NONSENSE = {
    "html": Said("<!doctype html><html><body>Log in</body></html>", kind="text/html; charset=utf-8"),
    "html-as-json": Said("\n<html>Log in</html>", kind="application/json"),
    "redirect": Said("", 302, {"Location": "http://127.0.0.1:1/login"}),
    "huge": Said("x" * 2_000_000, kind="text/plain"),
    "binary": Said("\x00\xff", kind="application/octet-stream"),
    "empty": Said(""),
    "half-of-json": Said('{"incidents": [{"id": "P1", "ti'),
    "number": Said(5),
    "wrong-shape": Said({"incidents": 5, "data": 5, "hits": 5}),
}
