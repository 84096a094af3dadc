"""Handing a message over by HTTP: what came back, or why it was not taken and when to come again."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.exchange import exchange, make_request
from controlroom.adapters.patience import moment
from controlroom.adapters.secrets import cut
from controlroom.adapters.trouble import NoAnswer, Unable
from controlroom.errors import Undelivered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from controlroom.adapters.exchange import Answer
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.run.notices import Notice

TIMEOUT_S: Final = 10.0
LONGEST_LINE: Final = 500
_LAST_OK: Final = 299
_MOST_SAID: Final = 120
_LATER: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
"""Statuses below 500 after which the same message may be taken."""


class Delivery:
    """Posts over the shared client; its errors hold neither a secret nor a path."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def post(self, url: str, headers: Mapping[str, str], body: Mapping[str, Any], fix: str) -> Answer:
        """The answer to a POST that was a success; `fix` is for when it never will be. Raises Undelivered."""
        return await self.send("POST", url, headers, body, fix)

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any], fix: str
    ) -> Answer:
        """The same for any method."""
        answer = await self.ask(method, url, headers, body)
        if HTTPStatus.OK <= answer.status <= _LAST_OK:
            return answer
        raise self.refusal(answer, fix)

    async def ask(self, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Answer:
        """Whatever answer there is. Raises Undelivered for none."""
        try:
            request = make_request(method, url, headers, TIMEOUT_S, body)
            return await exchange(self._means.client, request, self._means.clock, TIMEOUT_S)
        except Unable as exc:
            raise Undelivered(str(exc), fix="correct its URL and headers in the plan") from exc
        except NoAnswer as exc:
            raise Undelivered(str(exc), perhaps=exc.sent) from exc

    def refusal(self, answer: Answer, fix: str) -> Undelivered:
        """Why an answer is no success, and whether trying again has a point."""
        web_page = "html" in answer.headers.get("content-type", "")
        said = "a web page" if web_page else self.shown(answer.text, _MOST_SAID)
        why = f"HTTP {answer.status}" + (f": {said}" if said else "")
        if answer.status in _LATER or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Undelivered(why, again_s=self.wish_of(answer))
        return Undelivered(why, fix=fix)

    def wish_of(self, answer: Answer) -> float | None:
        """Real seconds for which the other side wants to be left alone (Retry-After), None when it does not say.

        A date in it is one of its own clock; ours may be wrong.
        """
        written = answer.headers.get("retry-after", "")
        until, there = moment(written), moment(answer.headers.get("date", ""))
        if until is not None:
            return max(0.0, until - (self._means.clock.now().timestamp() if there is None else there))
        try:
            return max(0.0, float(written))
        except ValueError:
            return None

    def shown(self, text: str, most: int) -> str:
        """The beginning of `text` without secrets."""
        return cut(self._means.vault.hidden(text), most)

    def lines(self, notice: Notice, most: int) -> list[str]:
        """Headline and lines of a message, without secrets, in at most `most` characters altogether."""
        kept = [self.shown(notice.headline, LONGEST_LINE)]
        room = most - len(kept[0])
        for line in notice.lines:
            shown = self.shown(line, LONGEST_LINE)
            room -= len(shown) + 1
            if room < 0:
                break
            kept.append(shown)
        return kept

    def cleaned(self, value: Any) -> Any:
        """A JSON value whose texts are without secrets."""
        if isinstance(value, dict):
            return {key: self.cleaned(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.cleaned(inner) for inner in value]
        return self.shown(value, LONGEST_LINE) if isinstance(value, str) else value
