"""The catalogue API: product search."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controlroom.rehearsal.shop.app import pool_of

_LONGEST_QUERY: Final = 100


async def search(request: Request) -> Response:
    """GET ?q=WORD: 200 {"items": [{"id", "name", "price"}]}, at most 20, by name."""
    query = request.query_params.get("q", "")[:_LONGEST_QUERY].replace("\0", "")
    rows = await pool_of(request).fetch(
        "SELECT id, name, price::float8 FROM products WHERE strpos(lower(name), lower($1)) > 0 ORDER BY name LIMIT 20",
        query,
    )
    return JSONResponse({"items": [dict(row) for row in rows]})


ROUTES: Final = (Route("/search", search),)
