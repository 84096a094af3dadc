"""What does not begin: words, plans and surroundings that are wrong, each with its message and its exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.rehearsal.e2e_plans import SMALL, small_plan, written
from tests.rehearsal.room import S5, until

from controlroom.plan.loader import load_plan
from controlroom.plan.references import secrets_of
from controlroom.rehearsal.process import find_stage
from controlroom.run import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rehearsal.room import Room

OLD_ERRORS = "auth@v2.0.0:errors=8%"


def _nothing_stays(room: Room) -> None:
    assert room.home.runs() == []
    assert list(room.home.path.glob("runs/*")) == []
    assert find_stage(room.home.stage) is None


def test_every_problem_of_a_plan_at_once(room: Room, tmp_path: Path) -> None:
    """Unknown key, wrong unit and cycle, each as file:line:col with its line and a hint; exit 2, whoever reads it."""
    plan = small_plan(
        tmp_path,
        ("title: A small", "titel: A small"),
        ("for: 5m\n    window", "for: 5 parsecs\n    window"),
        ("    version:\n", "    needs: [auth]\n    version:\n"),
    )
    for words in (["validate"], ["preview"], ["run", "--headless"], ["rehearse", "--headless"]):
        said = room.ctl(words[0], str(plan), *words[1:], code=2).err
        assert f"{_place(plan, 'titel')}: unknown key titel\n" in said
        assert "hint: did you mean title?" in said
        assert f"{_place(plan, 'auth]')}: needs: go round in a circle: auth needs auth\n" in said
        assert (
            f"{_place(plan, '5 parsecs')}: for: '5 parsecs' is no duration\n        for: 5 parsecs\n             ^\n"
            in said
        )
        assert "4 problems in" in said
        assert all(line.startswith((f"{plan}:", "    ", "4 problems in ")) for line in said.splitlines())
    _nothing_stays(room)


def _place(plan: Path, what: str) -> str:
    """`FILE:LINE:COLUMN` of a text in a plan."""
    before = plan.read_text().partition(what)[0]
    return f"{plan}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def test_a_plan_that_is_no_plan(room: Room, tmp_path: Path) -> None:
    """A file that is missing or not UTF-8: exit 2 with the place."""
    spoilt = tmp_path / "spoilt.yaml"
    spoilt.write_bytes(SMALL.encode() + "título".encode("latin-1"))
    for command in ("validate", "preview", "run", "rehearse"):
        absent = room.ctl(command, str(tmp_path / "absent.yaml"), code=2).err
        assert f"{tmp_path}/absent.yaml:1:1: the plan cannot be read: No such file or directory" in absent
        assert (
            f"{spoilt}:{SMALL.count(chr(10)) + 1}:2: the plan is not UTF-8"
            in room.ctl(command, str(spoilt), code=2).err
        )
    _nothing_stays(room)


def _unwrapped(said: str) -> str:
    """A table as the eye reads it, its lines put together again."""
    return " ".join(said.split())


def test_there_is_no_run(room: Room) -> None:
    """Exit 6 from every command that needs one."""
    words = ("status", "events", "attach", "watch", "recover", "hold", "smoke", "wait --phase ready")
    for text in words:
        assert room.ctl(*text.split(), code=6).err == f"controlroom: there is no run in {room.home.path}\n"
    assert "no run is called '2026'" in room.ctl("status", "2026", code=6).err
    for text in ("stage", "fault --list"):
        assert room.ctl(*text.split(), code=6).err == "controlroom: no stage runs: controlroom rehearse starts one\n"
    assert room.ctl("history").out == ""
    assert room.home.runs() == []


def test_a_missing_secret(room: Room, tmp_path: Path) -> None:
    """Exit 2, every one named with its place; nothing is left of the attempt."""
    del room.environ["E2E_TOKEN"]
    said = room.ctl("run", str(small_plan(tmp_path)), "--headless", code=2).err
    assert "FAIL  $E2E_TOKEN" in said
    assert "is not set, for services.auth" in _unwrapped(said)
    _nothing_stays(room)


def test_the_shipped_plan_in_production(room: Room) -> None:
    """Without its secrets exit 2, all of them named; with them refused (5): window still open."""
    plan = load_plan(S5).plan
    names = {secret.name for secret in secrets_of(plan)}
    assert "PRODUCTION_DATABASE_URL" in names
    said = room.ctl("run", str(S5), "--headless", code=2).err
    for name in names:
        assert len(re.findall(rf"^FAIL  \${name} +is not set, for ", said, re.MULTILINE)) == 1
    for name in names:
        room.environ[name] = f"made-up-{name.lower()}"
    why = room.refused("run", str(S5), "--headless")
    assert "preflight refuses the run:" in why
    assert max(map(len, why.splitlines())) <= 80
    told = _unwrapped(why)
    assert "still to be defined (Ventana de bajo tráfico, ej. martes 3:00 AM UTC)" in told
    assert "set window: {opens: " in told
    assert "made-up" not in why
    # What needs attention stands last, where a terminal that scrolls still shows it.
    marks = [line[:4] for line in why.splitlines()[1:] if line[:4].strip()]
    assert marks.index("FAIL") > marks.index("ok  ")
    assert "ok  " not in marks[marks.index("FAIL") :]
    _nothing_stays(room)


@pytest.mark.stage
@pytest.mark.parametrize(
    ("old", "new", "subject", "why"),
    [
        (
            "run: deploy auth ${version.target}\n        timeout",
            "run: kubectl rollout undo deployment/auth\n        timeout",
            "auth: kubectl",
            "is no command of the stage",
        ),
        (
            '{auth: "${stage.auth.url}"',
            '{auth: "https://auth.example.com"',
            "sources.own.openmetrics.targets.auth",
            "auth.example.com is not loopback: a rehearsal touches nothing but its stage",
        ),
        (
            "stage: shop\n",
            "stage: shop\n  sources: {own: {openmetrics: {targets: {auth: 'http://127.0.0.1:1/metrics'}}}}\n",
            "auth/error_rate",
            "no data: connection refused: nothing listens at 127.0.0.1:1",
        ),
    ],
    ids=["command", "target", "source"],
)
def test_preflight_refuses_a_rehearsal(room: Room, tmp_path: Path, old: str, new: str, subject: str, why: str) -> None:
    """S30 and sources: a foreign command, a target that is not loopback, a source that does not answer: exit 5."""
    said = room.refused("rehearse", str(small_plan(tmp_path, (old, new))), "--headless")
    assert "preflight refuses the run:" in said
    assert re.search(rf"FAIL {re.escape(subject)}\S* {re.escape(why)}", _unwrapped(said)), said
    _nothing_stays(room)


@pytest.mark.stage
def test_what_cannot_be_rehearsed(room: Room, tmp_path: Path) -> None:
    """A plan without an overlay and an unknown fault (2) start no stage; a window that is not open is refused (5)."""
    plan = written(tmp_path / "plain.yaml", SMALL[: SMALL.index("rehearsal:")])
    said = room.ctl("rehearse", str(plan), "--headless", code=2).err
    assert "this plan cannot be rehearsed: it has no rehearsal: section" in said
    assert "creating the database" not in said
    for words in ("tonight", "2026-12-01T05:00/2026-12-01T03:00/UTC", "2026-12-01T03:00/2026-12-01T05:00/Mars"):
        said = room.ctl("rehearse", "--window", words, "--headless", code=2).err
        assert "--window is OPENS/CLOSES/ZONE" in said
        assert "creating the database" not in said
    window = ("--window", "2020-12-01T03:00/2020-12-01T05:00/UTC")
    why = room.refused("rehearse", str(small_plan(tmp_path)), "--headless", *window)
    assert re.search(r"FAIL window 2020-12-01 03:00 to 05:00 UTC, it is 2.* → .* another --window", _unwrapped(why))
    assert "Known faults" in room.ctl("rehearse", "--fault", "orders:errors=lots", "--headless", code=2).err
    _nothing_stays(room)


@pytest.mark.stage
def test_a_breach_from_before(room: Room, tmp_path: Path) -> None:
    """S8: errors of the old version refuse the start, unless a reason accepts them, as for a hotfix."""
    plan = small_plan(tmp_path, ("for: 5m\n    window", "for: 1m\n    window"))
    words = ("rehearse", str(plan), "--headless", "--speed", "60", "--fault", OLD_ERRORS)
    why = room.refused(*words)
    assert "auth/error_rate" in why
    assert "% > 5 %" in why
    assert "--accept-breach REASON" in why
    _nothing_stays(room)
    room.rehearse("--fault", OLD_ERRORS, "--accept-breach", "the hotfix mends it", plan=plan)
    (created,) = room.events(ev.RunCreated)
    assert created.accepted_breach == "the hotfix mends it"
    # The guard fires all the same, and a reason lets the hotfix through.
    room.wait("--guard", "error-rate=FAIL")
    until(lambda: room.status()["holds"])
    assert "still held: auth " in room.refused("resume")
    room.ctl("resume", "--reason", "the hotfix mends it")
    room.go("auth")
    assert room.deploys("auth") == ["v2.1.0"]
    room.wait("--guard", "error-rate=PASS")
