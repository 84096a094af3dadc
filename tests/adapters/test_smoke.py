"""Automatic checklist items against a small shop that keeps its users, carts and sessions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.adapters.smoke_bench import run, served, smoke_kit

from controlroom.run.phases import SmokeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from tests.adapters.conftest import MakeScene

    from controlroom.ports import Kit

SECRET = "tok-5f2c8e11"


class Shop:
    """Users sign up once, log in to get a session cookie, and only then see their page."""

    def __init__(self) -> None:
        self.url = ""
        self.users: dict[int, str] = {}
        self.deleted: list[int] = []
        self.fail_next = 0
        self.hanging, self.never = asyncio.Event(), asyncio.Event()

    def app(self) -> Starlette:
        """The shop's endpoints."""
        return Starlette(
            routes=[
                Route("/signup", self._signup, methods=["POST"]),
                Route("/login", self._login, methods=["POST"]),
                Route("/me", self._me),
                Route("/users/{id:int}", self._delete, methods=["DELETE"]),
                Route("/slow", self._slow),
            ]
        )

    async def _signup(self, request: Request) -> Response:
        email = (await request.json())["email"]
        if self.fail_next:
            self.fail_next -= 1
            return JSONResponse({"error": "try again"}, 503)
        if email in self.users.values():
            return JSONResponse({"error": "taken"}, 409)
        number = len(self.users) + 1
        self.users[number] = email
        return JSONResponse({"id": number, "email": email}, 201)

    async def _login(self, request: Request) -> Response:
        user = (await request.json())["user"]
        if not isinstance(user, int) or user not in self.users:
            return JSONResponse({"error": f"no user {user!r}"}, 401)
        response = JSONResponse({"token": SECRET})
        response.set_cookie("session", f"s{user}")
        return response

    async def _me(self, request: Request) -> Response:
        session = request.cookies.get("session")
        bearer = request.headers.get("authorization")
        return JSONResponse({"session": session, "got": bearer}, 200 if session else 401)

    async def _delete(self, request: Request) -> Response:
        self.deleted.append(request.path_params["id"])
        return Response(status_code=204)

    async def _slow(self, _request: Request) -> Response:
        self.hanging.set()
        await self.never.wait()
        return JSONResponse({})


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A running shop."""
    made = Shop()
    async with served(made.app()) as made.url:
        yield made
        made.never.set()


@pytest.fixture
async def kit() -> AsyncIterator[Kit]:
    """A kit for a plan that is of no matter here."""
    async with smoke_kit() as made:
        yield made


def signup(shop: Shop, **more: Any) -> dict[str, Any]:
    """The first request of most items."""
    return {
        "post": f"{shop.url}/signup",
        "json": {"email": "smoke-${run.unique}@example.com"},
        "expect": {"status": "201"},
        "capture": {"user": "$.id"},
    } | more


async def test_requests_build_on_one_another(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """S20: captures keep their JSON type, cookies stay within the item, each request has its evidence."""
    login = {"post": f"{shop.url}/login", "json": {"user": "${capture.user}"}, "capture": {"token": "$.token"}}
    me = {
        "get": f"{shop.url}/me",
        "headers": {"Authorization": "Bearer ${capture.token}"},
        "expect": {"json": {"session": "s1", "got": f"Bearer {SECRET}"}},
    }
    result = await run(kit, scene, http=[signup(shop), login, me])
    assert (result.state, result.note[:13]) == (SmokeState.PASS, "3 requests in")
    assert [piece.title for piece in result.evidence] == [
        f"POST {shop.url}/signup",
        f"POST {shop.url}/login",
        f"GET {shop.url}/me",
    ]
    assert all(piece.ok and piece.took_s > 0 for piece in result.evidence)
    first, second, third = result.evidence
    assert first.detail.startswith("201 in ")
    assert first.sent.startswith(f'POST {shop.url}/signup {{"email":"smoke-')
    assert first.got == f'201 application/json {{"id":1,"email":"{shop.users[1]}"}}'
    assert (second.sent, second.got) == (
        f'POST {shop.url}/login {{"user":1}}',
        '200 application/json {"token":"***"}',
    )
    assert (third.sent, third.got) == (
        "",
        '200 application/json {"session":"***","got":"Bearer ***"}',
    )
    alone = await run(kit, scene, http=[{"get": f"{shop.url}/me"}])
    assert (alone.state, alone.note) == (
        SmokeState.FAIL,
        f'GET {shop.url}/me: status 401, not 2xx: {{"session":null,"got":null}}',
    )


async def test_each_run_has_its_own_data(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """Running an item again does not trip over what the last run left."""
    for _ in range(3):
        assert (await run(kit, scene, http=[signup(shop)])).state is SmokeState.PASS
    assert len(set(shop.users.values())) == 3


async def test_the_first_failure_ends_the_item(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """What comes after a failed request is not tried; the note says which and why."""
    bad = {"post": f"{shop.url}/login", "json": {"user": "nobody"}}
    result = await run(kit, scene, http=[bad, signup(shop)])
    assert (result.state, result.note) == (
        SmokeState.FAIL,
        f'POST {shop.url}/login: status 401, not 2xx: {{"error":"no user \'nobody\'"}}',
    )
    assert len(result.evidence) == 1
    assert shop.users == {}
    result = await run(kit, scene, http=[signup(shop, capture={"user": "$.uuid"})])
    assert "nothing to capture as user" in result.note


async def test_a_captured_token_is_a_secret(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """S27: what an item captured under a telling name is hidden from then on, also where the service echoes it."""
    login = {"post": f"{shop.url}/login", "json": {"user": "${capture.user}"}, "capture": {"token": "$.token"}}
    me = {"get": f"{shop.url}/me", "headers": {"Authorization": "${capture.token}"}, "expect": {"json": {"got": "x"}}}
    result = await run(kit, scene, http=[signup(shop), login, me])
    assert result.note == f'GET {shop.url}/me: $.got is "***", not "x"'
    assert SECRET not in repr(result)


async def test_flaky_is_said(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """A pass that needed a retry is a state of its own, with the attempts counted and what went wrong before."""
    shop.fail_next = 1
    result = await run(kit, scene, http=[signup(shop)], retries="2")
    before = f'POST {shop.url}/signup: status 503, not 201: {{"error":"try again"}}'
    assert (result.state, result.note, result.attempts) == (
        SmokeState.FLAKY,
        f"passed at attempt 2 of 3; before that {before}",
        2,
    )
    assert [(piece.ok, piece.attempt) for piece in result.evidence] == [(False, 1), (True, 2)]
    shop.fail_next = 3
    result = await run(kit, scene, http=[signup(shop)], retries="2")
    assert (result.state, result.attempts) == (SmokeState.FAIL, 3)
    assert result.note.endswith("(3 attempts)")


async def test_cleanup_after_success_and_failure(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """What an attempt made is removed whatever its result; what was never made is not missed."""
    away = [{"http": {"delete": f"{shop.url}/users/${{capture.user}}"}}]
    assert (await run(kit, scene, http=[signup(shop)], cleanup=away)).state is SmokeState.PASS
    assert shop.deleted == [1]
    fails = {"get": f"{shop.url}/me"}
    result = await run(kit, scene, http=[signup(shop), fails], cleanup=away, retries="1")
    assert (result.state, shop.deleted) == (SmokeState.FAIL, [1, 2, 3])
    assert "clean-up" not in result.note
    shop.fail_next = 1
    result = await run(kit, scene, http=[signup(shop)], cleanup=away)
    assert (result.state, shop.deleted) == (SmokeState.FAIL, [1, 2, 3])
    assert "clean-up" not in result.note


async def test_a_failed_cleanup_is_noted_and_fails_nothing(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """The item passed; that something was left behind stands beside it."""
    result = await run(kit, scene, http=[signup(shop)], cleanup=[{"http": {"delete": f"{shop.url}/nowhere"}}])
    assert result.state is SmokeState.PASS
    assert "; clean-up failed: status 404, not 2xx: Not Found" in result.note


async def test_time_is_out(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """An item that hangs fails in its time, and is cleaned up after."""
    away = [{"http": {"delete": f"{shop.url}/users/${{capture.user}}"}}]
    hangs = {"get": f"{shop.url}/slow"}
    result = await run(kit, scene, http=[signup(shop), hangs], timeout="300ms", cleanup=away)
    assert result.state is SmokeState.FAIL
    assert "within 0.3 s" in result.note
    assert [(piece.title, piece.detail) for piece in result.evidence if not piece.ok] == [
        (f"GET {shop.url}/slow", "cut off before its answer"),
        ("attempt 1", "no end within 0.3 s"),
    ]
    assert shop.deleted == [1]


async def test_cancelled_it_still_cleans_up(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """An engine that gives the item up leaves no test data behind."""
    away = [{"http": {"delete": f"{shop.url}/users/${{capture.user}}"}}]
    going = asyncio.ensure_future(run(kit, scene, http=[signup(shop), {"get": f"{shop.url}/slow"}], cleanup=away))
    await shop.hanging.wait()
    going.cancel()
    await asyncio.wait({going})
    assert going.cancelled()
    assert shop.deleted == [1]


async def test_commands(kit: Kit, scene: MakeScene) -> None:
    """`run:` items go by exit code; each runs as a job, sees its own environment, and prints no secret."""
    result = await run(kit, scene, run="echo checked $NAME", env={"NAME": "${env:PASSWORD}"})
    assert result.state is SmokeState.PASS
    assert result.evidence[0].title == "echo checked $NAME"
    assert "hunter2" not in repr(result)
    result = await run(kit, scene, run="echo no such order; exit 4", retries="1")
    assert result.state is SmokeState.FAIL
    assert "exit code 4" in result.note
    assert len(result.evidence) == 2
    result = await run(kit, scene, run="sleep 30", timeout="300ms")
    assert result.state is SmokeState.FAIL


async def test_a_command_can_clean_up(shop: Shop, kit: Kit, scene: MakeScene) -> None:
    """A capture reaches a command through the environment only, as text."""
    spec = {"run": 'test "$CONTROLROOM_CAPTURE_USER" = 1'}
    result = await run(kit, scene, http=[signup(shop)], cleanup=[spec, {"run": "exit 5"}])
    assert result.state is SmokeState.PASS
    assert result.evidence[1].ok
    assert "clean-up failed: exit code 5" in result.note
