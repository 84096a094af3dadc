"""The secrets of a run: resolved at the moment of use, remembered only to be kept out of everything that is shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from controlroom.adapters.neutralise import neutralise
from controlroom.adapters.redaction import MASK, Redactor
from controlroom.adapters.trouble import Unable
from controlroom.errors import ActionError, MissingSecret
from controlroom.plan.references import Resolved, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")

HIDDEN: Final = MASK.decode()
MOST_SHOWN: Final = 500
"""Characters of anything from outside that reach the screen or the journal in one piece."""
MOST_READ: Final = 8192
"""Characters that are looked at for that."""
_TELLTALE: Final = (
    r"[\w-]{0,40}"
    r"(?:token|secret|passw(?:or)?d|(?:api|private)[_-]?key|jwt|credential|authorization|cookie|session)"
    r"[\w-]{0,40}"
)
_TELLING: Final = (
    (re.compile(rf'("{_TELLTALE}"\s*:\s*)"(?:[^"\\]|\\.)*("?)', re.IGNORECASE), rf'\1"{HIDDEN}\2'),
    (re.compile(rf"\b({_TELLTALE}=)[^&\s;,\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic) [\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(://)[^/\s@]+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"\beyJ[\w-]{8,1000}\.[\w-]{8,1000}\.[\w-]{0,1000}"), HIDDEN),  # a signed token, under whatever name
)
"""What is a secret by its looks, also when no reference of the plan led to it: tokens in answers, cookies, URLs."""


class Vault:
    """Resolves the references of a plan's texts and hides what they held."""

    def __init__(
        self, env: Mapping[str, str], read_file: Callable[[str], str] | None = None, secrets: Iterable[str] = ()
    ) -> None:
        self._env = env
        self._read_file = read_file or _read_file
        self._known: set[str] = set()
        self._redactor = Redactor(())
        self.keep(secrets)

    @property
    def known(self) -> frozenset[str]:
        """Every secret so far."""
        return frozenset(self._known)

    def fill(self, facts: Mapping[str, Any]) -> Filling:
        """The texts of a plan with `facts` in place."""
        return Filling(Resolver(facts, self._env, self._read_file), self)

    def keep(self, secrets: Iterable[str]) -> None:
        """Hide `secrets` from now on, and the passwords of those that are URLs also by themselves."""
        if new := {part for secret in secrets for part in (secret, *passwords_of(secret))} - self._known:
            self._known |= new
            self._redactor = Redactor(self._known)

    def keep_if_telling(self, name: str, value: object) -> None:
        """Hide a captured `value` when its name says that it is a token, a session or the like."""
        if isinstance(value, str) and re.search(_TELLTALE, name, re.IGNORECASE):
            self.keep((value,))

    def hidden(self, text: str) -> str:
        """The beginning of `text` on one line, without secrets and terminal escapes."""
        safe = neutralise(text[:MOST_READ])
        if len(text) <= MOST_READ:
            clean = self._redactor.redact(safe)
        else:  # what is cut off may be the second half of a secret: the first half is held back
            clean = self._redactor.peek(safe.encode()).decode(errors="replace")
        for pattern, replacement in _TELLING:
            clean = pattern.sub(replacement, clean)
        return " ".join(clean.split())

    def shown(self, text: str) -> str:
        """`text` fit for screen and journal: hidden and bounded."""
        return cut(self.hidden(text), MOST_SHOWN)


class Filling:
    """A plan's texts with their references replaced; every method raises Unable when one has no value."""

    def __init__(self, resolver: Resolver, vault: Vault) -> None:
        self._resolver = resolver
        self._vault = vault

    def text(self, template: str) -> str:
        """A text."""
        return template if "${" not in template else self._resolved(self._resolver.text, template)

    def url(self, template: str) -> str:
        """A URL, captures percent-encoded."""
        return self._resolved(self._resolver.url, template)

    def regex(self, template: str) -> str:
        """A regular expression, in which values stand for themselves."""
        return self._resolved(self._resolver.regex, template)

    def json(self, value: Any) -> Any:
        """A JSON value, captures keeping their type."""
        return self._resolved(self._resolver.json, value)

    def command(self, template: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """A run: value, ready for `argv_of`; secrets are refused there."""
        return self._resolved(self._resolver.command, template)

    def mapping(self, templates: Mapping[str, str]) -> dict[str, str]:
        """Headers or form fields."""
        return self._resolved(self._resolver.mapping, templates) if templates else {}

    def excerpt(self, text: str, most: int) -> str:
        """The beginning of a text from outside, in at most `most` characters: hidden first, then cut."""
        return cut(self._vault.hidden(text), most)

    def _resolved(self, resolve: Callable[[Any], Resolved[T]], template: Any) -> T:
        try:
            resolved = resolve(template)
        except (ActionError, MissingSecret) as exc:
            raise Unable(str(exc)) from exc
        self._vault.keep(resolved.secrets)
        return resolved.value


def passwords_of(url: str) -> tuple[str, ...]:
    """The passwords in a URL or DSN, as written and as meant."""
    try:
        parts = urlsplit(url)
        written = (parts.password or "", *parse_qs(parts.query).get("password", ()))
    except ValueError:
        return ()
    return tuple(spelling for word in written if word for spelling in {word, unquote(word)})


def cut(text: str, most: int) -> str:
    """At most `most` characters of `text`, the last an ellipsis when some are missing."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _read_file(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8")
