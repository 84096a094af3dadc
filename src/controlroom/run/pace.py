"""Plan time and real time: what `--speed N` divides, and the floor under every period (DESIGN.md, speed)."""

from msgspec import Struct

FLOOR_S = 0.2
"""No probe, scrape or check runs more often than this, in real seconds, at any speed."""

WINDOW_PERIODS = 5
"""Rate windows and `blind_after` span at least this many effective periods."""

BLIND_FLOOR_S = 3.0
"""Nobody counts as blind after fewer real seconds: so long a busy machine may keep all sources waiting at once."""


class Pace(Struct, frozen=True):
    """How fast plan time runs against real time; 1.0 outside rehearsals."""

    speed: float = 1.0

    def real(self, plan_s: float) -> float:
        """Real seconds to wait for `plan_s` seconds of the plan."""
        return plan_s / self.speed

    def plan(self, real_s: float) -> float:
        """Plan seconds that pass in `real_s` real seconds."""
        return real_s * self.speed

    def real_period(self, plan_s: float) -> float:
        """Real seconds between two reads of something with a period of `plan_s`."""
        return max(plan_s / self.speed, min(FLOOR_S, plan_s))

    def period(self, plan_s: float) -> float:
        """The effective period in plan seconds: what rules that count intervals must use."""
        return self.plan(self.real_period(plan_s))

    def patience(self, plan_s: float, period_plan_s: float) -> float:
        """The effective `blind_after` in plan seconds over readings that come every `period_plan_s`."""
        return max(self.window(plan_s, period_plan_s), self.plan(min(BLIND_FLOOR_S, plan_s)))

    def window(self, plan_s: float, period_plan_s: float) -> float:
        """The effective window in plan seconds over readings that come every `period_plan_s`."""
        return max(plan_s, WINDOW_PERIODS * self.period(period_plan_s))
