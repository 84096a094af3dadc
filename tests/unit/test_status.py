"""`status --json` and how status reads for people, from hand-made events and samples."""

from __future__ import annotations

from typing import Any

import msgspec
from tests.adapters.scripted_desk import OUTLINE, ScriptedDesk

from controlroom.commands.status_text import checklist, status_text
from controlroom.commands.table import aligned
from controlroom.run import events as ev
from controlroom.run.outline import WatchOutline
from controlroom.run.phases import DataState, OutcomeStatus, Phase, SmokeState, Step, Traffic, Verdict
from controlroom.run.samples import Sample
from controlroom.run.status import status_of

NOW = 1_800_000_000.0
WATCHED = ev.RunCreated(
    outline=msgspec.structs.replace(
        OUTLINE,
        rehearsal=True,
        speed=60.0,
        environment="rehearsal",
        watch=WatchOutline(for_s=172_800.0, at_least_s=86_400.0, coverage=0.95, indicators=("error_rate",)),
    ),
    plan_sha256="9f3c1a2" + "0" * 57,
    plan_path="shop.yaml",
    versions={"database": "41"},
    traffic=Traffic.CLOSED,
)
DESIGN: dict[str, Any] = {
    "run": str,
    "plan": str,
    "plan_sha256": str,
    "environment": str,
    "rehearsal": bool,
    "phase": str,
    "seq": int,
    "started": str,
    "holds": [{"reason": str, "by": str}],
    "engine": {"pid": int, "host": str, "started": str},
    "gate": str,
    "lease": {"operator": str, "host": str, "since": str},
    "traffic": str,
    "services": [
        {
            "id": str,
            "name": str,
            "state": str,
            "stable": (bool, type(None)),
            "attempt": int,
            "version": {"from": str, "to": str, "live": str},
        }
    ],
    "guards": [
        {"id": str, "service": str, "verdict": str, "breach_s": float, "for_s": float, "why": str},
    ],
    "alarms": [{"id": str}],
    "smoke": [
        {
            "id": str,
            "title": str,
            "state": str,
            "mandatory": bool,
            "by": (str, type(None)),
            "at": (str, type(None)),
        }
    ],
    "watch": type(None),
    "verdict": type(None),
}
METRICS = {"error_rate": {"state": str, "value": float, "unit": str, "age_s": float}}


def sample(
    series: str, value: float | None, state: DataState = DataState.OK, age: float = 0.0, cause: str = ""
) -> Sample:
    return Sample(series=series, at=NOW - age, elapsed=0.0, value=value, state=state, cause=cause)


def shown(*events: ev.Event, samples: tuple[Sample, ...] = (), alive: bool = True) -> dict[str, Any]:
    """The decoded JSON after a run's first events and these."""
    state = ScriptedDesk(*events).state
    status = status_of(state, {s.series: s for s in samples}, now=NOW, alive=alive)
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(status))
    return found


def text(*events: ev.Event, samples: tuple[Sample, ...] = (), alive: bool = True) -> str:
    status = status_of(ScriptedDesk(*events).state, {s.series: s for s in samples}, now=NOW, alive=alive)
    return status_text(status)


def misfits(found: Any, wanted: Any, path: str = "") -> list[str]:
    """Where `found` lacks a key of `wanted` or has another type in its place."""
    if isinstance(wanted, dict):
        lacking = [f"{path}.{key} is missing" for key in wanted if key not in found]
        return lacking + [
            m for key in wanted.keys() & found.keys() for m in misfits(found[key], wanted[key], f"{path}.{key}")
        ]
    if isinstance(wanted, list):
        return [] if not found else [m for item in found for m in misfits(item, wanted[0], f"{path}[]")]
    return [] if isinstance(found, wanted) else [f"{path} is {found!r}"]


def test_the_shape_is_the_designs() -> None:
    """Every key of the contract, with the type that it has there."""
    found = shown(
        ev.LeaseTaken(operator="ana", host="bastion-1", uid=1000),
        ev.HoldPlaced(reason="operator", by="ana"),
        ev.AlarmRaised(alarm="traffic", text="the edge does not answer"),
        samples=(sample("auth/error_rate", 0.4, age=0.9), sample("auth/health", 1.0, age=0.4)),
    )
    assert misfits(found, DESIGN) == []
    auth = found["services"][1]
    assert misfits(auth["metrics"], METRICS) == []
    assert auth["health"]["age_s"] == 0.4
    assert auth["metrics"]["error_rate"] == {"state": "OK", "value": 0.4, "unit": "%", "age_s": 0.9, "cause": ""}
    assert found["started"] == "2026-12-01T03:00:11Z"
    assert found["holds"] == [{"reason": "operator", "by": "ana", "at": "2026-12-01T03:00:11Z", "note": ""}]


def test_no_data_is_never_a_number() -> None:
    """S5: without a sample, and with a failed one, state and cause say so; the value is null, never NaN or 0."""
    nothing = shown()["services"][1]
    assert nothing["metrics"]["error_rate"] == {
        "state": "NO DATA",
        "value": None,
        "unit": "%",
        "age_s": None,
        "cause": "no sample yet",
    }
    failed = sample("auth/error_rate", None, DataState.NO_DATA, age=31.04, cause="HTTP 503")
    assert shown(samples=(failed,))["services"][1]["metrics"]["error_rate"] == {
        "state": "NO DATA",
        "value": None,
        "unit": "%",
        "age_s": 31.0,
        "cause": "HTTP 503",
    }


def test_a_service_without_a_probe_has_no_health() -> None:
    """Null, not a guess; and a sample from the future is no negative age."""
    found = shown(samples=(sample("auth/health", 1.0, age=-5.0),))
    assert found["services"][0]["health"] is None
    assert found["services"][1]["health"]["age_s"] == 0.0


def test_a_dead_engine_is_not_shown() -> None:
    """`engine` is null without one; that is an interruption unless the run is over."""
    assert (shown(alive=False)["engine"], shown(alive=False)["interrupted"]) == (None, True)
    over = shown(ev.PhaseChanged(phase=Phase.SUCCEEDED), alive=False)
    assert (over["engine"], over["interrupted"], over["gate"]) == (None, False, None)


def test_versions_smoke_and_verdict_are_null_until_known() -> None:
    """An unknown version, an untouched item, a run without verdict: null, not an empty text."""
    found = shown()
    assert found["services"][0]["version"] == {"from": "41", "to": "42", "live": "41"}
    assert (found["smoke"][0]["by"], found["smoke"][0]["at"], found["verdict"], found["watch"]) == (None,) * 4
    marked = shown(ev.SmokeMarked(item="signup", state=SmokeState.PASS, note="fine"))["smoke"][0]
    assert (marked["state"], marked["by"], marked["at"]) == ("pass", "engine", "2026-12-01T03:00:11Z")


def test_a_step_under_way_is_shown_with_its_action() -> None:
    """Which step, to which version, and what runs."""
    begun = (
        ev.StepStarted(service="auth", step=Step.DEPLOY, attempt=1, target="v2.1.0"),
        ev.ActionStarted(service="auth", step=Step.DEPLOY, index=0, kind="run", label="deploy auth v2.1.0", job="j"),
    )
    assert shown(*begun)["step"] == {
        "service": "auth",
        "step": "deploy",
        "target": "v2.1.0",
        "action": "deploy auth v2.1.0",
        "started": "2026-12-01T03:00:11Z",
    }
    assert "step     auth: deploy to v2.1.0 since 2026-12-01T03:00:11Z\n         deploy auth v2.1.0\n" in text(*begun)


def test_a_rollback_under_way_is_shown() -> None:
    """What is left in order; a stopped one says why, loud (S16)."""
    asked = ev.RollbackRequested(services=("auth", "database"), everything=True, why="error rate")
    assert shown(asked)["rollback"]["queue"] == ["auth", "database"]
    assert "rollback  auth → database\n" in text(asked)
    stopped = (
        asked,
        ev.StepStarted(service="auth", step=Step.ROLLBACK, attempt=1, target="v2.0.0"),
        ev.StepFinished(service="auth", step=Step.ROLLBACK, status=OutcomeStatus.FAILED, detail="exit code 1"),
    )
    assert shown(*stopped)["rollback"]["stopped"] == "exit code 1"
    assert "STOPPED: exit code 1" in text(*stopped)


def test_the_watch_counts_in_plan_time() -> None:
    """Elapsed and coverage of the last checkpoint against what the plan wants."""
    desk = ScriptedDesk()
    desk.records.clear()
    desk._state = None
    for event in (
        WATCHED,
        ev.WatchStarted(),
        ev.WatchCheckpoint(elapsed_s=86_400.0, coverage={"error_rate": 0.913}),
        ev.VerdictReached(phase=Phase.INCONCLUSIVE, why="error_rate covered 91.3 %"),
    ):
        desk.happen(event)
    status = status_of(desk.state, {}, now=NOW, alive=True)
    assert status.watch is not None
    assert (status.watch.elapsed_s, status.watch.for_s, status.watch.coverage_wanted) == (86_400.0, 172_800.0, 0.95)
    shown_text = status_text(status)
    assert shown_text.startswith("20261201-030011-shop  REHEARSAL at speed 60  READY\n")
    assert "verdict  inconclusive: error_rate covered 91.3 %" in shown_text
    assert "watch    24:00:00 of 48:00:00; covered error_rate 91.3% (below 95%); no incident\n" in shown_text


def test_the_watch_is_one_line() -> None:
    """S22: how far, coverage of the indicators with the worst first, incidents, and what comes next."""
    outline = msgspec.structs.replace(
        WATCHED.outline,
        watch=WatchOutline(
            for_s=172_800.0, at_least_s=86_400.0, coverage=0.95, indicators=("error_rate", "cpu", "p95")
        ),
    )
    desk = ScriptedDesk()
    desk.records.clear()
    desk._state = None
    coverage = {"auth/cpu": 0.5, "error_rate": 0.998, "cpu": 0.9312, "p95": 0.97}
    for event in (
        msgspec.structs.replace(WATCHED, outline=outline),
        ev.PhaseChanged(phase=Phase.WATCHING),
        ev.WatchStarted(),
        ev.WatchCheckpoint(elapsed_s=43_510.0, coverage=coverage),
    ):
        desk.happen(event)
    status = status_of(desk.state, {}, now=NOW, alive=True)
    assert (
        "watch    12:05:10 of 48:00:00; covered cpu 93.1% (below 95%), p95 97.0%, error_rate 99.8%; no incident; "
        "may be closed in 11:54:50\n"
    ) in status_text(status)
    desk.happen(ev.IncidentRecorded(kind="guard", text="auth 8 % > 5 %", service="auth"))
    assert "; INCIDENTS 1; " in status_text(status_of(desk.state, {}, now=NOW, alive=True))


def test_a_growing_breach_shows_its_timer() -> None:
    """S7: how long it has lasted against how long it may, and that it stands still without data."""
    growing = ev.GuardChanged(
        guard="error-rate",
        service="auth",
        verdict=Verdict.INCONCLUSIVE,
        breach_s=221.0,
        value=6.2,
        why="auth 6.2 % > 5 % for 03:41",
        frozen=True,
    )
    assert "error-rate  auth  INCONCLUSIVE  3m41s of 5m frozen  auth 6.2 % > 5 % for 03:41" in text(growing)
    assert shown(growing)["guards"][0]["frozen"] is True


def test_the_checklist_reads_by_itself() -> None:
    """Items with who and when, and what governs public traffic."""
    desk = ScriptedDesk(ev.SmokeMarked(item="signup", state=SmokeState.BLOCKED, note="dns"))
    status = status_of(desk.state, {}, now=NOW, alive=True)
    line = "  blocked  signup  Registro de Usuario    engine at 2026-12-01T03:00:11Z  dns"
    assert checklist(status) == f"{line}\n\ntraffic closed\n"


def test_columns_fit_wide_and_combining_letters() -> None:
    """Two cells for 名, none for a combining accent: what follows stands in one column."""
    assert aligned([["名", "a"], ["xyz", "b"], ["e\u0301", "c"], ["", ""]], indent="") == [
        "名   a",
        "xyz  b",
        "e\u0301    c",
        "",
    ]
    assert aligned([]) == []


def test_a_version_that_may_be_gone_is_told_as_past() -> None:
    """While a step is at work nobody has looked since: what was seen before it is not said to be live."""
    started = ev.StepStarted(service="auth", step=Step.DEPLOY, attempt=1, target="v2.1.0", origin="v2.0.0")
    failed = ev.StepFinished(
        service="auth", step=Step.DEPLOY, status=OutcomeStatus.FAILED, detail="exit code 1", observed="v2.0.0"
    )
    assert "was v2.0.0" in text(started)
    assert "live v2.0.0" in text(started, failed)
