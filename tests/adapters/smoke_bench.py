"""What tests of checklist items share: a kit for a plan that is of no matter, and an item run as the engine runs it."""

from __future__ import annotations

import asyncio
import itertools
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from msgspec.structs import replace

from controlroom.adapters.browser.binary import find_browser
from controlroom.adapters.clock import SystemClock
from controlroom.adapters.jobs.environment import inherited
from controlroom.adapters.kit import RunKit
from controlroom.adapters.manual import ManualDesk
from controlroom.adapters.secrets import Vault
from controlroom.plan.model import Plan
from controlroom.plan.observation import SmokeItem
from controlroom.run.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette
    from tests.adapters.conftest import MakeScene

    from controlroom.ports import Kit, SmokeResult

_NUMBER = itertools.count(1)
PASSWORD = "hunter2-hunter2"
needs_chromium = pytest.mark.skipif(
    find_browser(os.environ) is None and "CONTROLROOM_CI" not in os.environ,
    reason="chromium is not installed (apt install chromium)",
)
"""In CI it has to be there: a test that needs it fails without."""
AUTH = {
    "id": "auth",
    "name": "Auth",
    "version": {"to": "v2"},
    "deploy": [{"wait": "1s"}],
    "verify": [{"manual": "?"}],
    "rollback": [{"wait": "1s"}],
}

PLAN = {"plan": "p", "title": "P", "environment": "e", "services": [AUTH]}


@asynccontextmanager
async def smoke_kit(*, loopback_only: bool = False, **env: str) -> AsyncIterator[RunKit]:
    """A kit whose commands find the usual programs, `$PASSWORD` and `env`."""
    environment = {"PATH": "/usr/bin:/bin", "PASSWORD": PASSWORD, **env}
    clock = SystemClock()
    made = RunKit(
        Plan.model_validate(PLAN),
        run_id="r1",
        clock=clock,
        pace=Pace(),
        vault=Vault(environment),
        env=environment,
        commands_find=inherited(environment),
        newest=lambda _series: None,
        desk=ManualDesk(),
        loopback_only=loopback_only,
    )
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """The address at which `app` answers on loopback inside the block; what hangs is let go of before it is left."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.ensure_future(server._serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def run(kit: Kit, scene: MakeScene, **item: Any) -> SmokeResult:
    """The result of an item, made as the loader makes it."""
    spec = SmokeItem.model_validate({"id": "signup", "title": "Registro de Usuario"} | item)
    here = scene(service="signup", run_id="r1", service_id="signup")
    job = f"{next(_NUMBER):06d}-smoke-signup"
    return await kit.smoke(spec).run(replace(here, job=job, job_folder=here.job_folder.with_name(job)))
