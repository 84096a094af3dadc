"""Which version a service is said to be live at, once steps have ended with and without a look at it."""

from __future__ import annotations

import pytest
from tests.adapters.scripted_desk import ScriptedDesk

from controlroom.run import events as ev
from controlroom.run.phases import OutcomeStatus, Step


@pytest.mark.parametrize(
    ("step", "status", "observed", "live"),
    [
        (Step.DEPLOY, OutcomeStatus.PASSED, "v2.1.0", "v2.1.0"),
        (Step.DEPLOY, OutcomeStatus.PASSED, "", ""),
        (Step.DEPLOY, OutcomeStatus.CANCELLED, "", ""),
        (Step.VERIFY, OutcomeStatus.PASSED, "", "v2.1.0"),
        (Step.VERIFY, OutcomeStatus.FAILED, "", ""),
        (Step.VERIFY, OutcomeStatus.FAILED, "v2.0.0", "v2.0.0"),
        (Step.ROLLBACK, OutcomeStatus.UNKNOWN, "", ""),
        (Step.VERIFY_ROLLBACK, OutcomeStatus.PASSED, "", "v2.0.0"),
    ],
)
def test_no_version_is_live_by_memory_alone(step: Step, status: OutcomeStatus, observed: str, live: str) -> None:
    """S5: what a step may have changed and nobody could read is not known, unless the step verified it."""
    started = ev.StepStarted(service="auth", step=step, attempt=1, target="v2.1.0")
    finished = ev.StepFinished(service="auth", step=step, status=status, detail="", observed=observed)
    assert ScriptedDesk(started, finished).state.services["auth"].live == live
