"""What must hold before the first gate: every refusal, and the words that help (S14, S19, S30)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.engine.fake_engine import OLD
from tests.engine.preflight_field import WINDOW, Answers, Field
from tests.engine.watched_engine import WATCHED

from controlroom.engine.preflight_table import table
from controlroom.errors import MissingSecret, PreflightRefused
from controlroom.ports import Finding
from controlroom.run.events import PreflightResult
from controlroom.run.phases import Traffic
from controlroom.run.samples import Reading


async def test_all_is_well(around: Field) -> None:
    """The versions live now are captured, the switch is read, and every line of the table says ok."""
    found = await around.look()
    assert found.ok
    assert found.versions == OLD
    assert found.traffic is Traffic.CLOSED
    told = {result.subject: result.detail for result in found.results}
    assert told["auth"] == "v1 is live, goes to v2"
    assert told["auth/error_rate"] == "0.4 % ≤ 5 %"
    assert told["database/health"] == "healthy"
    assert around.said
    assert not any(result.warn for result in found.results)
    assert [subject for subject in told if subject in OLD] == list(OLD), "in the order of the plan"


# -- versions and traffic


async def test_a_version_that_cannot_be_read(around: Field) -> None:
    """S14: without the version from before, no rollback would know where to go."""
    around.world.blind.add("auth")
    found = await around.refusal()
    assert (found.subject, found.detail) == ("auth", "the live version cannot be read: no answer")


async def test_another_version_than_the_plan_declares(around: Field) -> None:
    """DESIGN 5: a declared `from` that differs from what is observed is refused."""
    around.plan = WATCHED.replace(
        "version: {to: v2, observe: {run: version auth}}", "version: {from: v0, to: v2, observe: {run: version auth}}"
    )
    found = await around.refusal()
    assert found.detail == "v1 is live, the plan says v0"
    assert "find out who deployed" in found.fix


async def test_a_declared_version_is_taken_without_observe(around: Field) -> None:
    """DESIGN 5: without `observe` the declared version is what a rollback goes back to."""
    around.plan = WATCHED.replace("version: {to: v2, observe: {run: version auth}}", "version: {from: v1, to: v2}")
    found = await around.look()
    assert found.ok
    assert found.versions["auth"] == "v1"


async def test_a_switch_that_cannot_be_read(around: Field) -> None:
    """S21: nobody starts a go-live whose traffic gate is out of sight."""
    around.world.blind.add("traffic")
    found = await around.refusal()
    assert (found.subject, found.detail) == ("traffic", "the switch cannot be read: no answer")


# -- the window


async def test_a_window_to_be_defined(around: Field) -> None:
    """S19: `tbd` starts no production run; the fix shows how a window is written. A rehearsal needs none."""
    around.plan = WATCHED.replace("services:\n", "window: tbd\nwindow_hint: Tuesday 3 AM\nservices:\n", 1)
    found = await around.refusal()
    assert found.detail == "still to be defined (Tuesday 3 AM)"
    assert "{opens: 2026-12-01T03:00" in found.fix
    around.override_window = "the CTO said now"
    assert (await around.look()).ok
    around.override_window = ""
    around.rehearsal = True
    assert (await around.look()).ok


@pytest.mark.parametrize(("closes", "ok"), [("05:00", True), ("03:01", True)])
async def test_a_window_that_is_open(around: Field, closes: str, ok: bool) -> None:
    """S19: opened at this very moment counts."""
    around.plan = WATCHED.replace("services:\n", WINDOW.replace("05:00", closes) + "services:\n", 1)
    assert (await around.look()).ok is ok


@pytest.mark.parametrize(("opens", "closes"), [("04:00", "05:00"), ("01:00", "03:00")])
async def test_a_window_that_is_not_open(around: Field, opens: str, closes: str) -> None:
    """S19: too early or over: refused with both times and the time now; a reason overrides."""
    window = f"window: {{opens: 2026-12-01T{opens}, closes: 2026-12-01T{closes}, zone: UTC}}\n"
    around.plan = WATCHED.replace("services:\n", window + "services:\n", 1)
    found = await around.refusal()
    assert found.detail == f"2026-12-01 {opens} to {closes} UTC, it is 2026-12-01 03:00"
    assert "--override-window REASON" in found.fix
    around.override_window = "agreed"
    overridden = await around.look()
    assert overridden.ok
    assert any(result.detail == "overridden: agreed" for result in overridden.results)


# -- commands, targets and kinds


async def test_a_command_that_is_not_there(around: Field) -> None:
    """A program of the plan that is not on PATH is named with its service; those that are, with where they lie."""
    (around.bin / "migrate").unlink()
    found = await around.refusal()
    assert (found.subject, found.detail) == ("database: migrate", "is not found on PATH")
    told = {result.subject: result.detail for result in (await around.look()).results}
    assert told["auth: deploy"] == f"is {around.bin / 'deploy'}"


async def test_a_rehearsal_starts_the_stages_commands_only(around: Field) -> None:
    """S30: neither a command that the stage has not, nor one named by its path."""
    around.rehearsal = True
    assert (await around.look()).ok
    around.plan = WATCHED.replace(
        "deploy: [{run: migrate up}]", "deploy: [{run: /bin/sh migrate}, {run: [kubectl, x]}]"
    )
    found = await around.refusals()
    assert [result.subject for result in found] == ["database: /bin/sh", "database: kubectl"]
    assert {result.detail for result in found} == {"is no command of the stage"}
    assert around.said.count("observing live versions, reading every source") == 1, "nothing foreign is even looked at"


async def test_a_rehearsal_touches_loopback_only(around: Field) -> None:
    """S30: a target beyond this machine is refused with its place in the plan; production may go there."""
    around.plan = WATCHED.replace("http://127.0.0.1/metrics", "https://metrics.example.com/metrics")
    assert (await around.look()).ok
    around.rehearsal = True
    found = await around.refusal()
    assert found.subject == "sources.prod.openmetrics.url"
    assert "metrics.example.com is not loopback" in found.detail


async def test_everything_wrong_is_told_at_once(around: Field) -> None:
    """What can be seen without asking, and what only an answer tells, is in one table, each failure with its fix."""
    (around.bin / "migrate").unlink()
    (around.bin / "smoke").unlink()
    around.world.blind.add("auth")
    around.errors["orders"] = None
    around.plan = WATCHED.replace("services:\n", "window: tbd\nservices:\n", 1)
    found = await around.look()
    told = table(found.results)
    assert told.count("FAIL") == 5
    assert told.count("→") == 5
    assert found.exit_code == 5
    with pytest.raises(PreflightRefused):
        found.refuse()


# -- secrets and targets

TWO_SECRETS = WATCHED.replace(
    "deploy: [{run: migrate up}]", 'deploy: [{run: migrate up, env: {A: "${env:DSN}", B: "${env:KEY}"}}]'
).replace("services:\n", 'notify: [{webhook: {url: "http://127.0.0.1/${env:KEY}"}}]\nservices:\n', 1)


async def test_secrets_that_are_not_there(around: Field) -> None:
    """A line for each, with the parts of the plan that need it; a wrong use (2) whatever else is wrong."""
    around.plan, around.env, around.override_window = TWO_SECRETS, {"DSN": "x"}, ""
    around.world.blind.add("auth")
    found = await around.look()
    told = {result.subject: result for result in found.results}
    assert told["$DSN"].detail == "is there, for services.database"
    assert told["$KEY"].detail == "is not set, for notify[0].webhook, services.database"
    assert told["$KEY"].fix == "export it in the shell that starts the run"
    assert not told["auth"].ok, "the others are looked at all the same"
    assert found.exit_code == 2
    with pytest.raises(MissingSecret, match="KEY"):
        found.refuse()
    around.env["KEY"] = "y"
    assert (await around.look()).exit_code == 5


async def test_a_missing_secret_is_told_once(around: Field) -> None:
    """What could not be asked for want of a secret has no line beside the secret's own."""
    around.plan = TWO_SECRETS
    around.extra = [
        Answers(
            [[Reading(series="database/health", value=None, at=0.0, cause="the environment variable KEY is not set")]]
        )
    ]
    failed = [result.subject for result in (await around.look()).results if not result.ok]
    assert failed == ["$KEY", "$DSN"]


@dataclass
class Place:
    """A target with an answer."""

    answer: Finding
    subject: str = "target traffic"
    asked: int = 0

    async def look(self) -> Finding:
        """The answer."""
        self.asked += 1
        return self.answer


async def test_a_target_that_cannot_be_reached(around: Field) -> None:
    """What the night's actions go to is tried before; in a rehearsal the stage itself vouches for it (S30)."""
    place = Place(Finding(ok=False, detail="connection refused: nothing listens at edge:443"))
    around.places = [place, Place(Finding(ok=True, detail="answers"), "target auth")]
    found = await around.refusal()
    assert (found.subject, found.fix) == ("target traffic", "see that it can be reached from this machine")
    asked = place.asked
    around.rehearsal = True
    assert (await around.look()).ok
    assert place.asked == asked


async def test_a_tool_that_is_not_there(around: Field) -> None:
    """A browser that the plan needs and the machine has not is told before the start, in a rehearsal too."""
    around.at_hand = [Place(Finding(ok=False, detail="there is no Chromium on this machine"), "browser")]
    around.rehearsal = True
    found = await around.refusal()
    assert (found.subject, found.detail) == ("browser", "there is no Chromium on this machine")
    assert found.fix.startswith("install chromium")


# -- the table


def test_table() -> None:
    """What passed comes first, failures last with what to do, then the count; nothing is wider than the terminal."""
    results = [
        PreflightResult(subject="window", ok=False, detail="closed", fix="wait for it"),
        PreflightResult(subject="auth", ok=True, detail="v1 is live"),
    ]
    assert table(results) == (
        "ok    auth    v1 is live\nFAIL  window  closed\n              → wait for it\n1 of 2 checks failed"
    )
    assert table(results[1:]).endswith("\n1 check passed")
    long = PreflightResult(subject="s" * 40, ok=False, detail="why " * 60, fix="do this and that " * 20)
    lines = table([*results, long], 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert f"FAIL  {'s' * 40}" in lines
    assert sum("→" in line for line in lines) == 2
