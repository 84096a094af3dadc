"""The checklist on the real stage: requests, a runner with its JUnit file, a page, a second try, and by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.adapters.smoke_bench import needs_chromium
from tests.rehearsal.e2e_plans import SECRET, small_plan

from controlroom.run import events as ev

if TYPE_CHECKING:
    from tests.rehearsal.room import Room

ITEMS = """
smoke:
  - id: signup
    title: Sign up
    service: auth
    parallel: true
    http:
      - post: ${vars.auth}/signup
        json: {email: "smoke-${run.unique}@example.com", password: "Smoke-${run.unique}"}
        expect: {status: 201}
        capture: {user: $.id}
  - id: suite
    title: The runner
    parallel: true
    run: echo "with $TOKEN"; echo '<testsuite><testcase name="pays"/></testsuite>' >"$CONTROLROOM_JUNIT"
    junit: suite.xml
    env: {TOKEN: "${env:E2E_TOKEN}"}
  - id: page
    title: The page
    parallel: true
    browser: {url: "${vars.site}/", selector: footer#version, equals: v2.0.0, strict: true}
    timeout: 1m
  - id: second-try
    title: The second try
    run: test -e "$HOME/tried" || { echo busy >"$HOME/tried"; exit 3; }
    retries: 1
  - id: phone
    title: On a phone
    manual: Open the shop on a phone
    link: https://wiki.example.com/phone
watch:
"""


@needs_chromium
@pytest.mark.stage
@pytest.mark.timeout(300)
def test_every_kind_of_smoke_test(room: Room) -> None:
    """S20, S21: neighbours begin together and are recorded in order; flaky lets traffic in; all of it is reported."""
    changes = (
        ("\nwatch:\n", ITEMS),
        ('edge: "https://edge.example.com"', 'edge: "https://edge.example.com", site: "https://site.example.com"'),
        ('edge: "${stage.edge.admin}"', 'edge: "${stage.edge.admin}", site: "${stage.edge.url}"'),
    )
    room.rehearse(plan=small_plan(room.folder, *changes))
    room.go("auth")
    room.ctl("smoke", "run", "--all")
    room.ctl("smoke", "pass", "phone", "--reason", "seen on an old one")
    room.wait("--gate", "traffic")
    told = room.events(ev.SmokeStarted, ev.SmokeFinished)
    assert [(type(event).__name__[5:], event.item) for event in told] == [
        *(("Started", item) for item in ("signup", "suite", "page")),
        *(("Finished", item) for item in ("signup", "suite", "page")),
        ("Started", "second-try"),
        ("Finished", "second-try"),
    ]
    items = {item["id"]: item for item in room.status()["smoke"]}
    assert [item["state"] for item in items.values()] == ["pass", "pass", "pass", "flaky", "pass"]
    assert (items["suite"]["note"], items["page"]["note"][:21]) == ("1 test", "the page shows v2.0.0")
    assert items["second-try"]["note"] == "passed at attempt 2 of 2; before that exit code 3"
    assert items["second-try"]["attempts"] == 2
    room.ctl("traffic", "open")
    room.wait("--phase", "watching")
    page = room.ctl("report", "--html").out
    for words in ('src="data:image/png;base64,', "flaky", "attempt 2", "https://wiki.example.com/phone"):
        assert words in page
    assert SECRET not in page
    room.ctl("abort", "--confirm", "rehearsal", "--reason", "seen enough")
