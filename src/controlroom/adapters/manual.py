"""What only a human can do or see: asked of the operator, answered through the engine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from controlroom.adapters.task_job import TaskJob
from controlroom.errors import ActionError
from controlroom.ports import Finding, Outcome
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.adapters.secrets import Vault
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.ports import Job, Scene


@dataclass(frozen=True, slots=True)
class Reply:
    """What the operator said."""

    ok: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that waits for the operator."""

    text: str
    reply: asyncio.Future[Reply]


class ManualDesk:
    """Where questions to the operator lie until they are answered; one at a time for each key, a service's id."""

    def __init__(self) -> None:
        self._open: dict[str, Question] = {}

    @property
    def questions(self) -> Mapping[str, str]:
        """What waits for an answer: key → text."""
        return {key: question.text for key, question in self._open.items() if not question.reply.done()}

    def ask(self, key: str, text: str) -> asyncio.Future[Reply]:
        """A future of the operator's reply; cancelling it takes the question back.

        Asking again under the same key with the same text joins the question that lies there; with another text it
        takes that one's place, and whoever waited for it is cancelled.
        """
        lying = self._open.get(key)
        if lying is not None and lying.text == text:
            return lying.reply
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._open[key] = Question(text, reply)
        if lying is not None:
            lying.reply.cancel()
        reply.add_done_callback(lambda done: self._clear(key, done))
        return reply

    def answer(self, key: str, ok: bool, note: str = "") -> bool:
        """Answer the question under `key`; False when none lies there."""
        question = self._open.pop(key, None)
        if question is None or question.reply.done():
            return False
        question.reply.set_result(Reply(ok, note))
        return True

    def _clear(self, key: str, done: asyncio.Future[Reply]) -> None:
        lying = self._open.get(key)
        if lying is not None and lying.reply is done:
            del self._open[key]


class ManualAction:
    """Something that the operator does and then confirms."""

    kind = "manual"

    def __init__(self, spec: ActionSpec, desk: ManualDesk, vault: Vault) -> None:
        assert spec.manual is not None  # noqa: S101 - the registry's key says so
        self._text = spec.manual
        self._desk = desk
        self._vault = vault
        self.label = spec.title or vault.shown(spec.manual)

    async def start(self, scene: Scene) -> Job:
        """Put the question. Raises ActionError when a reference has no value."""
        text = self._vault.shown(self._vault.fill(scene.facts).text(self._text))
        scene.emit(f"waiting for the operator: {text}")
        reply = self._desk.ask(scene.service, text)
        return TaskJob(_outcome(reply), lambda: _withdrawn(reply))

    async def adopt(self, scene: Scene) -> Job | None:
        """Put the question again: a reply to an earlier engine would be in the journal."""
        return await self.start(scene)


class ManualCheck:
    """Something that the operator sees for himself."""

    kind = "manual"

    def __init__(self, spec: CheckSpec, desk: ManualDesk, vault: Vault) -> None:
        assert spec.manual is not None  # noqa: S101 - the registry's key says so
        self._text = spec.manual
        self._desk = desk
        self._vault = vault
        self.label = spec.title or vault.shown(spec.manual)

    async def look(self, scene: Scene) -> Finding:
        """Put the question and wait for the reply, however long it takes."""
        try:
            text = self._vault.shown(self._vault.fill(scene.facts).text(self._text))
        except ActionError as exc:
            return Finding(ok=False, detail=str(exc))
        scene.emit(f"waiting for the operator: {text}")
        said = await self._desk.ask(scene.service, text)
        return Finding(ok=said.ok, detail=_told(said), observed=said.note)


def _told(said: Reply) -> str:
    verdict = "confirmed by the operator" if said.ok else "not confirmed by the operator"
    return f"{verdict}: {said.note}" if said.note else verdict


async def _outcome(reply: asyncio.Future[Reply]) -> Outcome:
    said = await reply
    status = OutcomeStatus.PASSED if said.ok else OutcomeStatus.FAILED
    return Outcome(status=status, detail=_told(said))


def _withdrawn(reply: asyncio.Future[Reply]) -> Outcome:
    reply.cancel()
    return Outcome(status=OutcomeStatus.CANCELLED, detail="the question was taken back")
