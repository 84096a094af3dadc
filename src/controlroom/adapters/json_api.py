"""Asks a service for JSON again and again: a bounded answer in a known shape, or a sentence that says why not."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from controlroom.adapters.exchange import exchange, make_request
from controlroom.adapters.patience import Patience, moment
from controlroom.adapters.secrets import cut
from controlroom.adapters.trouble import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

    from controlroom.adapters.exchange import Answer
    from controlroom.adapters.secrets import Vault
    from controlroom.ports import Clock

T = TypeVar("T")

_WORDS: Final = {
    HTTPStatus.UNAUTHORIZED: "the credentials are not accepted",
    HTTPStatus.FORBIDDEN: "the credentials do not allow this",
    HTTPStatus.NOT_FOUND: "nothing is there",
    HTTPStatus.TOO_MANY_REQUESTS: "too many requests",
}
_MOST_SAID: Final = 300
"""Characters of the server's own message that are repeated."""
_LAST_OK: Final = 299
_NO_HEADERS: Final[dict[str, str]] = {}


class Refused(NoAnswer):
    """An answer came, and it was no success: `status` is its HTTP status."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why, sent=True)
        self.status = status


class JsonApi:
    """One HTTP API under the URL `base`, asked by the shared client within `timeout_s` real seconds.

    It keeps the server's own time, told by the Date of its answers and carried on by the monotonic clock, so that a
    wrong or stepping clock on this machine asks for no wrong span (S9). After a 429 or 503 it asks again only once
    the server's Retry-After has passed. `plain` leaves out of the server's own words what says nothing to the plan's
    author. Raises Unable for a URL that is none.
    """

    def __init__(
        self,
        base: str,
        client: httpx.AsyncClient,
        clock: Clock,
        vault: Vault,
        *,
        timeout_s: float,
        headers: Mapping[str, str] = _NO_HEADERS,
        plain: Callable[[str], str] = str,
    ) -> None:
        self.timeout_s = timeout_s
        self._plain = plain
        self._base = base.rstrip("/")
        self._client = client
        self._clock = clock
        self._vault = vault
        self._headers = {"Accept": "application/json", **headers}
        self._epoch = clock.now().timestamp() - clock.monotonic()
        self._patience = Patience(clock)
        self.heard = False
        make_request("GET", self._base, self._headers, timeout_s)

    def now(self) -> float:
        """The server's time (epoch seconds, to the second); this machine's until it was `heard`."""
        return self._epoch + self._clock.monotonic()

    async def get(self, path: str, params: Mapping[str, str | Sequence[str]], shape: type[T]) -> T:
        """The answer to a GET. Raises NoAnswer, or Refused, with a sentence that holds no secret."""
        url = f"{self._base}{path}?{urlencode(params, doseq=True)}"
        return self._decoded(await self._exchanged(make_request("GET", url, self._headers, self.timeout_s)), shape)

    async def send(self, method: str, path: str, body: Mapping[str, Any], shape: type[T]) -> T:
        """The answer to a request with a JSON body. Raises as `get` does."""
        request = make_request(method, f"{self._base}{path}", self._headers, self.timeout_s, {"json": dict(body)})
        return self._decoded(await self._exchanged(request), shape)

    async def lines(self, path: str, form: Mapping[str, str], shape: type[T]) -> list[T]:
        """The answer to a form, one JSON value a line. Raises as `get` does."""
        request = make_request("POST", f"{self._base}{path}", self._headers, self.timeout_s, {"data": dict(form)})
        answer = await self._exchanged(request)
        together = b"[" + b",".join(line for line in answer.body.split(b"\n") if line.strip()) + b"]"
        return self._decoded(answer, list[shape], together)  # type: ignore[valid-type]

    @property
    def wait_s(self) -> float:
        """Real seconds for which the server does not want to be asked."""
        return self._patience.wait_s

    async def _exchanged(self, request: httpx.Request) -> Answer:
        self._patience.check()
        answer = await exchange(self._client, request, self._clock, self.timeout_s)
        self._learn(answer)
        if not HTTPStatus.OK <= answer.status <= _LAST_OK:
            raise Refused(self._refusal(answer), answer.status)
        return answer

    def said(self, message: str) -> str:
        """The beginning of a text, the server's or one for it, without secrets."""
        return cut(self._vault.hidden(message), _MOST_SAID)

    def _learn(self, answer: Answer) -> None:
        said = moment(answer.headers.get("date", ""))
        if said is not None:
            self._epoch = said - self._clock.monotonic()
        self.heard = True
        self._patience.learn(answer, self.now())

    def _refusal(self, answer: Answer) -> str:
        words = _WORDS.get(HTTPStatus(answer.status)) if answer.status in _WORDS else ""
        said = self.said(self._plain(_message(answer.body)))
        return f"HTTP {answer.status}" + (f": {words}" if words else "") + (f" ({said})" if said else "")

    def _decoded(self, answer: Answer, shape: type[T], body: bytes | None = None) -> T:
        if "html" in answer.headers.get("content-type", "") or answer.body.lstrip()[:1] == b"<":
            raise NoAnswer("a web page came instead of JSON", sent=True)
        if answer.cut:
            raise NoAnswer("the answer is too long", sent=True)
        try:
            return msgspec.json.decode(answer.body if body is None else body, type=shape)
        except msgspec.ValidationError as exc:
            raise NoAnswer(f"the answer is not what was asked for: {self.said(str(exc))}", sent=True) from exc
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise NoAnswer("the answer is no JSON, or not all of it", sent=True) from exc


def _message(body: bytes) -> str:
    """What an error answer says for itself, in any of the shapes that vendors use; empty when it is no JSON."""
    try:
        said: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if not isinstance(said, dict):
        return ""
    found = next((said[key] for key in ("error", "message", "errors", "messages") if said.get(key)), "")
    parts = found if isinstance(found, list) else [found]
    return "; ".join(filter(None, map(_words_of, parts)))


def _words_of(part: Any) -> str:
    """One complaint, as text or in an object of its own (PagerDuty, Elasticsearch, Splunk)."""
    if isinstance(part, dict) and isinstance(causes := part.get("root_cause"), list) and causes:
        part = causes[0]
    if isinstance(part, dict):
        part = next((part[key] for key in ("reason", "message", "text") if part.get(key)), "")
    return part if isinstance(part, str) else ""
