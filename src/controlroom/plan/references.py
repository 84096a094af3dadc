"""How `${…}` references are resolved at use.

`vars` and `stage` references are replaced when the plan is loaded. Secrets (`env:`, `file:`) and facts stay in the
plan's texts and are resolved by the engine at the moment of use, so that no secret is ever stored.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from controlroom.errors import ActionError, MissingSecret
from controlroom.plan.base import VERSION
from controlroom.plan.model import Plan
from controlroom.plan.problems import Path, place_of, spelled
from controlroom.plan.tokens import SECRETS, TOKEN, Malformed, Reference, parse, read

T = TypeVar("T")
MOST_NAMED = 3
"""Parts of the plan that are named as needing a secret, before the rest is counted."""


def texts(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text below a part of the plan model, with its path in the model's own names."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name), (*path, name.removesuffix("_")))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(inner, (*path, key))
    elif isinstance(value, tuple | list):
        for place, inner in enumerate(value):
            yield from texts(inner, (*path, place_of(inner, place)))


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret that a part of the plan refers to: the first place, and every part that does so."""

    family: str
    name: str
    where: str
    owners: tuple[str, ...] = field(default=(), compare=False)

    @property
    def users(self) -> str:
        """Who needs it, in a few words: `services.auth, smoke.login and 3 more`."""
        named, more = self.owners[:MOST_NAMED], len(self.owners) - MOST_NAMED
        return ", ".join(named) + (f" and {more} more" if more > 0 else "")

    @property
    def short(self) -> str:
        """How a shell would name it: `$NAME`, or the path of a file."""
        return f"${self.name}" if self.family == "env" else self.name


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret as this process finds it; `why` is empty unless it resolves to nothing."""

    secret: Secret
    value: str = field(default="", repr=False)
    why: str = ""


def secrets_of(part: BaseModel) -> tuple[Secret, ...]:
    """The secrets that a plan, or a part of one, needs, each once; `vars` and the overlay count only where used."""
    found: dict[tuple[str, str], Secret] = {}
    for path, text in texts(part):
        if isinstance(part, Plan) and path[0] in ("vars", "rehearsal"):
            continue
        for reference in parse(text):
            if isinstance(reference, Reference) and reference.family in SECRETS:
                key = (reference.family, reference.name)
                known = found.get(key, Secret(reference.family, reference.name, spelled(path)))
                found[key] = replace(known, owners=tuple(dict.fromkeys((*known.owners, _owner(path)))))
    return tuple(found.values())


def _owner(path: Path) -> str:
    """The part of the plan to which a place belongs: services.auth, sources.prod, notify[0].slack, watch.logs[0]."""
    names = [place for place, part in enumerate(path) if isinstance(part, str)]
    end = names[1] + 1 if len(names) > 1 else len(path)
    while end < len(path) and isinstance(path[end], int):
        end += 1
    return spelled(path[:end])


def credentials_of(part: BaseModel, env: Mapping[str, str], read_file: Callable[[str], str]) -> tuple[Credential, ...]:
    """Every secret of a plan, or a part of one, with its value or the reason why it has none."""
    resolver = Resolver({}, env, read_file)
    found: list[Credential] = []
    for secret in secrets_of(part):
        try:
            found.append(Credential(secret, resolver.secret(secret.family, secret.name)))
        except MissingSecret as exc:
            found.append(Credential(secret, why=str(exc)))
    return tuple(found)


def require_all(credentials: Iterable[Credential]) -> None:
    """Raise MissingSecret, a line for each of `credentials` that has no value."""
    missing = [f"  {one.why}, for {one.secret.users}" for one in credentials if one.why]
    if missing:
        raise MissingSecret("\n".join(["secrets are missing:", *missing]))


@dataclass(frozen=True, slots=True)
class Resolved(Generic[T]):
    """A value without references, and the secrets that it holds, for redaction."""

    value: T
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolver:
    """Resolves what is left in a plan's texts at the moment of use.

    `facts` maps version.from, version.to, version.target, service.id, run.id, run.unique and capture.NAME to values
    (a capture may be any JSON value). ActionError when a fact is not there, or no fit value for a command;
    MissingSecret when a secret is not.
    """

    facts: Mapping[str, Any]
    env: Mapping[str, str] = field(repr=False)
    read_file: Callable[[str], str] = field(repr=False)

    def text(self, template: str) -> Resolved[str]:
        """The text with every reference replaced."""
        return self._fill(template, lambda value, _: value)

    def shell(self, template: str) -> Resolved[str]:
        """A command line for `/bin/sh`: facts are quoted; secrets, and captures (from outside), are refused."""

        def quoted(value: str, reference: Reference) -> str:
            if reference.family == "capture":
                raise ActionError(f"{reference} may not stand in a shell command")
            return shlex.quote(_unsecret(value, reference))

        return self._fill(template, quoted)

    def command(self, template: str | tuple[str, ...]) -> Resolved[str | tuple[str, ...]]:
        """A run: value, ready to execute: shell text, or the words of an argv."""
        if isinstance(template, str):
            return Resolved(self.shell(template).value)
        return Resolved(tuple(self._fill(word, _unsecret).value for word in template))

    def regex(self, template: str) -> Resolved[str]:
        """A regular expression in which the resolved values stand for themselves."""
        return self._fill(template, lambda value, _: re.escape(value))

    def url(self, template: str) -> Resolved[str]:
        """A URL in which captures are percent-encoded."""
        return self._fill(template, lambda value, ref: quote(value, safe="") if ref.family == "capture" else value)

    def json(self, value: Any) -> Resolved[Any]:
        """A JSON value with its texts resolved; a text that is one capture alone becomes that capture's JSON value."""
        if isinstance(value, str):
            found = list(parse(value))
            if len(found) == 1 and isinstance(found[0], Reference) and str(found[0]) == value:
                return self._alone(found[0])
            return self.text(value)
        if isinstance(value, Mapping):
            inner = {key: self.json(item) for key, item in value.items()}
            return Resolved({key: item.value for key, item in inner.items()}, _all(inner.values()))
        if isinstance(value, list | tuple):
            items = [self.json(item) for item in value]
            return Resolved([item.value for item in items], _all(items))
        return Resolved(value)

    def mapping(self, templates: Mapping[str, str]) -> Resolved[dict[str, str]]:
        """Headers, form fields or an environment."""
        inner = {key: self.text(text) for key, text in templates.items()}
        return Resolved({key: item.value for key, item in inner.items()}, _all(inner.values()))

    def secret(self, family: str, name: str) -> str:
        """The value of `${env:NAME}` or `${file:PATH}`, a file's last newline dropped."""
        if family == "env":
            value = self.env.get(name, "")
            if not value:
                raise MissingSecret(f"the environment variable {name} is not set")
            return value
        try:
            value = self.read_file(name).removesuffix("\n")
        except (OSError, UnicodeDecodeError) as exc:
            reason = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
            raise MissingSecret(f"the file {name} cannot be read: {reason}") from exc
        if not value:
            raise MissingSecret(f"the file {name} is empty")
        return value

    def _alone(self, reference: Reference) -> Resolved[Any]:
        if reference.family == "capture" and reference.key in self.facts:
            return Resolved(self.facts[reference.key])
        return self.text(str(reference))

    def _fill(self, template: str, spell: Callable[[str, Reference], str]) -> Resolved[str]:
        secrets: list[str] = []

        def filled(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            reference = read(match)
            if isinstance(reference, Malformed):
                raise ActionError(f"{reference.written} is no reference")
            if reference.family in SECRETS:
                secrets.append(self.secret(reference.family, reference.name))
                return spell(secrets[-1], reference)
            return spell(self._fact(reference), reference)

        return Resolved(TOKEN.sub(filled, template), tuple(secrets))

    def _fact(self, reference: Reference) -> str:
        if (value := self.facts.get(reference.key)) is None:
            raise ActionError(f"{reference} has no value here")
        if reference.family == "capture":
            return as_text(value)
        if not isinstance(value, str) or not VERSION.fullmatch(value):
            raise ActionError(f"{reference} is {value!r}; letters, digits and . _ + - only are safe in a command")
        return value


def _unsecret(value: str, reference: Reference) -> str:
    if reference.family in SECRETS:
        raise ActionError(f"{reference} may not stand in a command, where every user of the machine can read it")
    return value


def _all(parts: Any) -> tuple[str, ...]:
    return tuple(secret for part in parts for secret in part.secrets)


def as_text(value: Any) -> str:
    """A JSON value as a plan compares it: texts as they are, true and false in lower case, numbers in digits."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
