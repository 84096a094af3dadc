"""How a report speaks: phrases in the plan's language, times, durations and states, the same in every section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlroom.report.blocks import Tone, badge
from controlroom.report.words_en import ENGLISH
from controlroom.report.words_es import SPANISH
from controlroom.run.phases import OutcomeStatus, Phase, ServiceState, SmokeState, Traffic
from controlroom.run.spanish import in_language
from controlroom.run.times import parse, seconds_between

if TYPE_CHECKING:
    from controlroom.report.blocks import Line

    State = Phase | ServiceState | SmokeState | OutcomeStatus | Traffic

_TONES: dict[State, Tone] = {
    Phase.SUCCEEDED: Tone.GOOD,
    Phase.FAILED: Tone.BAD,
    Phase.INCONCLUSIVE: Tone.WARN,
    Phase.ROLLED_BACK: Tone.WARN,
    Phase.ABORTED: Tone.BAD,
    ServiceState.LIVE: Tone.GOOD,
    ServiceState.FAILED: Tone.BAD,
    ServiceState.UNKNOWN: Tone.WARN,
    ServiceState.ROLLING_BACK: Tone.WARN,
    ServiceState.ROLLED_BACK: Tone.WARN,
    ServiceState.ROLLBACK_FAILED: Tone.BAD,
    ServiceState.SKIPPED: Tone.WARN,
    SmokeState.PASS: Tone.GOOD,
    SmokeState.FLAKY: Tone.WARN,
    SmokeState.FAIL: Tone.BAD,
    SmokeState.BLOCKED: Tone.WARN,
    SmokeState.STALE: Tone.WARN,
    OutcomeStatus.PASSED: Tone.GOOD,
    OutcomeStatus.FAILED: Tone.BAD,
    OutcomeStatus.TIMED_OUT: Tone.BAD,
    OutcomeStatus.CANCELLED: Tone.WARN,
    OutcomeStatus.UNKNOWN: Tone.WARN,
    Traffic.OPEN: Tone.GOOD,
    Traffic.UNKNOWN: Tone.WARN,
}
_MINUTE, _HOUR = 60, 3600


class Voice:
    """Speaks `language` of a run that began at `started`: the day is named only where it is another one.

    Whatever lasted is told in plan time, as on the screen; a rehearsal runs `speed` times as fast as the clock.
    """

    def __init__(self, language: str, started: str, *, over: bool, speed: float = 1.0) -> None:
        """`over`: what has not ended never will."""
        self._language = language
        self._phrases = SPANISH if language == "es" else ENGLISH
        self._speed = speed
        self._day = started[:10]
        self._on = "to the end" if over else "still so"

    def __call__(self, phrase: str, **values: object) -> str:
        """`phrase`, which is written in English, with its `{names}` filled in; without a translation as it is."""
        said = self._phrases.get(phrase, phrase)
        return said.format(**values) if values else said

    def engine(self, sentence: str) -> str:
        """A sentence of the engine from the journal, as far as it is made of known parts."""
        return in_language(sentence, self._language)

    def time(self, at: str) -> str:
        """The time of an event in UTC, to the second; a dash for one that has not come."""
        if not at:
            return "–"
        moment = parse(at)
        return moment.strftime("%H:%M:%S" if at[:10] == self._day else "%Y-%m-%d %H:%M:%S")

    def moment(self, at: str) -> str:
        """Day and time, in full."""
        return parse(at).strftime("%Y-%m-%d %H:%M:%S UTC") if at else "–"

    def between(self, began: str, ended: str) -> str:
        """`03:00:11 – 03:04:12`, or that it has not ended."""
        return f"{self.time(began)} – {self.time(ended) if ended else self(self._on)}"

    def lasted(self, began: str, ended: str) -> str:
        """The time from one event to another; empty before there is another."""
        return self.took(seconds_between(began, ended)) if began and ended else ""

    def took(self, real_s: float) -> str:
        """How long something lasted that took so many seconds of the clock."""
        return span(real_s * self._speed)

    def actor(self, actor: str) -> str:
        """Who did something; what nobody asked for is the program's own doing."""
        return self("automatic") if actor == "engine" else actor

    def state(self, state: State) -> Line:
        """A state as a badge."""
        return badge(self.word(state), _TONES.get(state, Tone.QUIET))

    def word(self, state: State) -> str:
        """A state in words."""
        return self(state.value.replace("_", " "))

    def tone(self, state: State) -> Tone:
        """How a state is to be taken."""
        return _TONES.get(state, Tone.QUIET)


def span(seconds: float) -> str:
    """`27 ms`, `0.4 s`, `12 s`, `5 min 01 s`, `2 h 05 min`, `48 h`."""
    if 0 < seconds < 0.095:  # noqa: PLR2004 - tenths of a second would read as none
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 10:  # noqa: PLR2004 - tenths of more seconds than that tell nothing
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        minutes, rest = divmod(whole, _MINUTE)
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    hours, minutes = divmod(round(seconds / _MINUTE), _MINUTE)
    return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"


def clock(seconds: float) -> str:
    """`05:01`, `01:12:20`: how far a timer is."""
    minutes, rest = divmod(round(max(0.0, seconds)), _MINUTE)
    hours, minutes = divmod(minutes, _MINUTE)
    return f"{hours:02}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def number(value: float, unit: str = "") -> str:
    """Three figures or so, and the unit: `6.2 %`, `312 ms`, `5 %`."""
    large = abs(value) >= 100  # noqa: PLR2004 - three figures
    written = f"{value:.0f}" if large else f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.1f}"
    written = written.removesuffix(".0")
    return f"{written} {unit}".rstrip()


def share(fraction: float) -> str:
    """`99.8 %`; never rounded up to the whole, which it would not be."""
    return number(int(fraction * 1000) / 10, "%")
