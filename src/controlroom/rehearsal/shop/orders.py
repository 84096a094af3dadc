"""The orders API: place an order, ask what became of it."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from controlroom.rehearsal.faults import Conditions
from controlroom.rehearsal.shop.app import fields_of, pool_of, refuse
from controlroom.rehearsal.shop.sessions import bearer

_MOST: Final = 100
_BIGGEST_ID: Final = 2**31 - 1


async def place(request: Request) -> Response:
    """POST {"product", "quantity"} with a bearer token: 201 {"id", "status"}, 401, or 422 for bad input."""
    user = await bearer(request)
    if user is None:
        return refuse(401, "sign in first")
    fields = await fields_of(request)
    product, quantity = fields.get("product"), fields.get("quantity", 1)
    if not _whole(quantity, _MOST):
        return refuse(422, f"quantity: 1 to {_MOST}")
    if not _whole(product, _BIGGEST_ID):
        return refuse(422, "product: an id is needed")
    row = await pool_of(request).fetchrow(
        "INSERT INTO orders (user_id, product_id, quantity) SELECT $1, id, $3 FROM products WHERE id = $2"
        " RETURNING id, status",
        user["id"],
        product,
        quantity,
    )
    return refuse(422, "product: no such id") if row is None else JSONResponse(dict(row), status_code=201)


def routes(conditions: Conditions) -> Sequence[Route]:
    """The API's routes; `conditions` decide whether it can still say what became of an order."""

    async def status(request: Request) -> Response:
        """GET: 200 {"id", "status"}, or 404."""
        order = request.path_params["order"]
        row = None
        if order <= _BIGGEST_ID:
            row = await pool_of(request).fetchrow("SELECT id, status FROM orders WHERE id = $1", order)
        if row is None:
            return refuse(404, "no such order")
        return JSONResponse({"id": row["id"], "status": "unknown" if conditions.broken else row["status"]})

    return (Route("/orders", place, methods=["POST"]), Route("/orders/{order:int}", status))


def _whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
