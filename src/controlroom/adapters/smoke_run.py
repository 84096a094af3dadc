"""Checklist items that are a command: pytest, newman, k6, hurl, playwright; judged by exit code and JUnit file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from controlroom.adapters.junit import MOST_KEPT, Imprint, imprint_of, read_junit
from controlroom.adapters.trouble import Unable
from controlroom.plan.steps import Action as ActionSpec

if TYPE_CHECKING:
    from pathlib import Path

    from controlroom.adapters.junit import Results
    from controlroom.adapters.secrets import Vault
    from controlroom.adapters.smoke import Attempt, Errand
    from controlroom.plan.observation import SmokeItem


class CommandItem:
    """The command of one item, as a job of its own."""

    def __init__(self, item: SmokeItem, errand: Errand, vault: Vault) -> None:
        self._spec = ActionSpec.model_construct(run=item.run, env=item.env, timeout=item.timeout)
        self._junit = item.junit
        self._limit_s = item.timeout
        self._errand = errand
        self._vault = vault

    async def go(self, attempt: Attempt) -> str:
        """Run the command; what went wrong."""
        report: tuple[Path, Imprint | None] | None = None
        if self._junit is not None:
            path = attempt.scene.job_folder / self._vault.fill(attempt.facts).text(self._junit)
            attempt.facts["junit"] = str(path)  # the command finds it as $CONTROLROOM_JUNIT
            report = path, imprint_of(path)
        ok, detail = await self._errand.run(self._spec, attempt, limit_s=self._limit_s)
        attempt.praise = detail
        if report is None:
            return "" if ok else detail
        return await self._judge(*report, attempt, "" if ok else detail)

    async def _judge(self, path: Path, before: Imprint | None, attempt: Attempt, command: str) -> str:
        """What went wrong by the JUnit file and by the `command`, which both must be content."""
        try:
            results = await asyncio.to_thread(read_junit, path, before)
        except Unable as exc:
            wrong = self._vault.shown(str(exc))
            attempt.saw("JUnit file", ok=False, detail=wrong)
            return f"{command}; {wrong}" if command else wrong
        wrong = self._vault.shown(results.wrong)
        attempt.saw("JUnit file", ok=not wrong, detail=results.counts if results.failures else wrong or results.counts)
        self._show_failures(results, attempt)
        attempt.praise = results.counts
        attempt.shaky = results.flaky > 0
        if wrong or not command:
            return wrong
        return f"{command}, though {results.counts} and none failed"

    def _show_failures(self, results: Results, attempt: Attempt) -> None:
        for case in results.failed:
            detail = self._vault.shown(case.said)
            attempt.saw(self._vault.shown(case.name), ok=False, detail=detail, took_s=case.took_s)
        if results.failures > MOST_KEPT:
            attempt.saw("JUnit file", ok=False, detail=f"{results.failures - MOST_KEPT} more tests failed")
