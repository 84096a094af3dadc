"""Views of a story at one moment, for tests of the presenters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace
from tests.ui.story import RUN, Story

from controlroom.control import protocol as wire
from controlroom.run import events as ev
from controlroom.run.phases import DataState, OutcomeStatus, Phase, SmokeState, Step, Traffic
from controlroom.ui.presenter.mirror import Mirror
from controlroom.ui.presenter.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from controlroom.ui.presenter.text import Line
    from controlroom.ui.presenter.view import View


def look(story: Story, *, operator: str = "ana", may_drive: bool = True, **changes: Any) -> View:
    """What a screen shows that has just attached to `story`; `changes` replace fields of the view."""
    mirror = Mirror()
    mirror.take(wire.Welcome(run=RUN, operator=operator, may_drive=may_drive), 0.0)
    mirror.take(story.snapshot(), 0.0)
    mirror.take(wire.Presence(screens=("ana",), observers=3), 0.0)
    mirror.take(wire.Beat(at=story.now.timestamp(), elapsed_s=story.elapsed), 0.0)
    mirror.hears("LIVE", 0.2, 0.004)
    view = mirror.view(0.0)
    assert view is not None
    return replace(view, **changes)


def text(lines: Sequence[Line]) -> str:
    """The words of some lines."""
    return "\n".join(plain(line) for line in lines)


def ready() -> Story:
    """Nothing has happened yet."""
    return Story()


def deploying() -> Story:
    """Two services are live, the third is under way."""
    story = Story().go_live("database", "auth")
    story.tell(ev.GatePassed(gate="catalog"), actor="ana")
    story.start_step("catalog", job="catalog-1")
    return story.wait(21).chart()


def breaching() -> Story:
    """The same, and auth has been above its limit for a while."""
    story = deploying()
    return story.breach("auth")


def held() -> Story:
    """The guard has fired: alarm and hold."""
    return Story().go_live("database", "auth").wait(30).chart().breach("auth").trip("auth")


def failed() -> Story:
    """The third service has failed."""
    story = Story().go_live("database", "auth").wait(5).chart()
    story.tell(ev.GatePassed(gate="catalog"), actor="ana")
    story.start_step("catalog")
    story.wait(40)
    story.end_step("catalog", status=OutcomeStatus.FAILED, detail="exit 1: no space left on device")
    return story


def rolling_back() -> Story:
    """Auth goes back after catalog."""
    story = Story().go_live("database", "auth", "catalog").chart()
    story.tell(ev.RollbackRequested(services=("catalog", "auth"), everything=False, why="errors"), actor="ana")
    story.tell(ev.HoldPlaced(reason="rollback", by="ana", note="errors"))
    story.start_step("catalog", Step.ROLLBACK)
    return story.wait(12)


def smoking() -> Story:
    """Everything is deployed, the checklist is being worked."""
    story = Story().go_live("database", "auth", "catalog", "orders", "frontend").chart()
    story.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    story.tell(ev.SmokeStarted(item="signup"))
    evidence = (ev.Evidence(title="POST /users", ok=True, detail="201 in 84 ms", took_s=0.084),)
    story.tell(ev.SmokeFinished(item="signup", state=SmokeState.PASS, note="201 in 84 ms", evidence=evidence))
    story.tell(ev.SmokeMarked(item="login", state=SmokeState.FAIL, note="401 for a known user"), actor="ana")
    return story


def watching() -> Story:
    """Traffic is open and the watch has run for some hours."""
    story = Story().go_live("database", "auth", "catalog", "orders", "frontend")
    story.tell(ev.PhaseChanged(phase=Phase.SMOKE))
    for item in story.state.smoke:
        story.tell(ev.SmokeMarked(item=item, state=SmokeState.PASS), actor="ana")
    story.tell(ev.GatePassed(gate="traffic"), actor="ana")
    story.tell(ev.PhaseChanged(phase=Phase.OPENING))
    story.tell(ev.TrafficFinished(state=Traffic.OPEN, ok=True, detail=""))
    story.tell(ev.PhaseChanged(phase=Phase.WATCHING))
    story.tell(ev.WatchStarted())
    story.wait(3 * 3600 + 120).chart()
    story.tell(ev.WatchCheckpoint(elapsed_s=3 * 3600.0, coverage={"error_rate": 0.998, "latency_p95": 0.99}))
    return story


def blind() -> Story:
    """A source has gone silent."""
    story = deploying()
    silent = story.measure("orders", "error_rate", None, DataState.NO_DATA, "HTTP 502")
    story.wait(31).chart(2)
    story.samples[silent.series] = silent
    story.measure("catalog", "error_rate", None, DataState.NO_TRAFFIC)
    story.measure("auth", "error_rate", 1.5, DataState.TOO_FEW)
    return story


def ended() -> Story:
    """The run is over."""
    story = watching()
    story.tell(ev.VerdictReached(phase=Phase.SUCCEEDED, why="no major incident in 48 h"))
    story.tell(ev.PhaseChanged(phase=Phase.SUCCEEDED))
    return story


EVERY = (ready, deploying, breaching, held, failed, rolling_back, smoking, watching, blind, ended)
"""Every moment that is worth a picture."""
