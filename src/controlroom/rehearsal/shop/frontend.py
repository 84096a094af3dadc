"""The frontend's origin: one page that says its version in the footer."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_PAGE: Final = """<!doctype html>
<html lang="es">
<head><meta charset="utf-8"><title>Tienda S5</title></head>
<body>
<main><h1>Tienda S5</h1><p>Bienvenido.</p></main>
<footer id="version">{version}</footer>
</body>
</html>
"""
_CACHE: Final = {"Cache-Control": "public, max-age=3600"}


def routes(version: str) -> Sequence[Route]:
    """The build of `version`."""

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE.format(version=version), headers=_CACHE)

    return (Route("/", page),)
