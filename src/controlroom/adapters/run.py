"""Commands of a plan as action, check and observer: resolved at use, in the surroundings that the run allows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controlroom.adapters.briefly import Ended, run_briefly
from controlroom.adapters.command import CommandAction
from controlroom.adapters.jobs.environment import facts_of
from controlroom.adapters.jobs.launch import argv_of
from controlroom.adapters.neutralise import neutralise
from controlroom.errors import ActionError
from controlroom.plan.references import as_text
from controlroom.ports import Finding
from controlroom.run.events import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.adapters.command import CommandJob
    from controlroom.adapters.secrets import Filling, Vault
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.plan.steps import Observe
    from controlroom.ports import Clock, Scene


class Surroundings:
    """What commands of a run find: `base` is their environment before the step's own `env:` and the facts."""

    def __init__(self, base: Mapping[str, str], vault: Vault, clock: Clock) -> None:
        self._base = base
        self.vault = vault
        self.clock = clock

    def environment(self, own: Mapping[str, str], filling: Filling) -> dict[str, str]:
        """The environment of one command. Raises Unable."""
        return {**self._base, **filling.mapping(own)}

    async def look(self, command: str | tuple[str, ...], own: Mapping[str, str], scene: Scene) -> Ended:
        """Run a command that only looks, within the scene's time. Raises Unable and NoAnswer."""
        filling = self.vault.fill(scene.facts)
        argv = argv_of(filling.command(command))
        env = {**self.environment(own, filling), **facts_of(_textual(scene))}
        return await run_briefly(argv, env, scene.timeout_s)


class RunAction:
    """A command as a job of its own."""

    kind = "run"

    def __init__(self, spec: ActionSpec, surroundings: Surroundings) -> None:
        assert spec.run is not None  # noqa: S101 - the registry's key says so
        self._command = spec.run
        self._env = spec.env
        self._surroundings = surroundings
        self.label = spec.title or spelled(spec.run, surroundings.vault)

    async def start(self, scene: Scene) -> CommandJob:
        """Begin the job. Raises ActionError."""
        vault = self._surroundings.vault
        filling = vault.fill(scene.facts)
        command = filling.command(self._command)
        environment = self._surroundings.environment(self._env, filling)
        action = CommandAction(command, label=self.label, environment=environment, secrets=tuple(vault.known))
        return await action.start(_textual(scene))

    async def adopt(self, scene: Scene) -> CommandJob | None:
        """The job that an earlier engine began, from its folder."""
        return await CommandAction((), label=self.label, environment={}).adopt(scene)


class RunCheck:
    """A command whose exit code, and output if the plan says so, is the answer."""

    kind = "run"

    def __init__(self, spec: CheckSpec, surroundings: Surroundings) -> None:
        assert spec.run is not None  # noqa: S101 - the registry's key says so
        self._spec = spec
        self._command = spec.run
        self._surroundings = surroundings
        self.label = spec.title or spelled(spec.run, surroundings.vault)

    async def look(self, scene: Scene) -> Finding:
        """Run the command once."""
        vault = self._surroundings.vault
        begun = self._surroundings.clock.monotonic()
        try:
            ended = await self._surroundings.look(self._command, self._spec.env, scene)
            output = neutralise(ended.output)
            wanted = vault.fill(scene.facts).regex(self._spec.output) if self._spec.output else ""
            ok = ended.code == 0 and re.search(wanted, output) is not None
            detail = ended.sentence if ok or ended.code else f"no {self._spec.output} in the output; {ended.sentence}"
            detail, observed = vault.shown(detail), vault.shown(output)
        except ActionError as exc:
            ok, detail, observed = False, vault.shown(str(exc)), ""
        took_s = round(self._surroundings.clock.monotonic() - begun, 3)
        evidence = Evidence(title=self.label, ok=ok, detail=detail, took_s=took_s)
        return Finding(ok=ok, detail=detail, observed=observed, evidence=(evidence,))


class RunObserver:
    """Reads one value, such as the live version, from what a command prints."""

    kind = "run"

    def __init__(self, spec: Observe, surroundings: Surroundings) -> None:
        assert spec.run is not None  # noqa: S101 - the registry's key says so
        self._spec = spec
        self._command = spec.run
        self._surroundings = surroundings
        self.label = spelled(spec.run, surroundings.vault)

    async def look(self, scene: Scene) -> Finding:
        """Run the command once and take the value."""
        vault = self._surroundings.vault
        try:
            ended = await self._surroundings.look(self._command, self._spec.env, scene)
            observed = self._taken(ended, vault.fill(scene.facts))
        except ActionError as exc:
            return Finding(ok=False, detail=vault.shown(str(exc)))
        return Finding(ok=True, detail=vault.shown(f"the command says {observed}"), observed=vault.shown(observed))

    def _taken(self, ended: Ended, filling: Filling) -> str:
        """The one value in the output of a command that succeeded. Raises ActionError."""
        if ended.code:
            raise ActionError(ended.sentence)
        output = neutralise(ended.output)
        if self._spec.pattern is not None:
            match = re.search(filling.regex(self._spec.pattern), output)
            if match is None:
                raise ActionError(f"the command prints nothing like {self._spec.pattern}")
            output = (match[1] if match.re.groups else match[0]) or ""
        value = output.strip()
        if not value or "\n" in value:
            raise ActionError(f"the command prints {'more than one line' if value else 'nothing'}")
        return value


def spelled(command: str | tuple[str, ...], vault: Vault) -> str:
    """A command as the plan has it, on one line, for the operator."""
    return vault.shown(command if isinstance(command, str) else " ".join(command))


def _textual(scene: Scene) -> Scene:
    """The scene with facts that fit into an environment: captures of a smoke test may be any JSON value."""
    facts: dict[str, Any] = {name: as_text(value) for name, value in scene.facts.items()}
    return replace(scene, facts=facts)
