"""Checklist items of requests that build on one another, as one visitor sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from controlroom.adapters.expectation import captured, complaints
from controlroom.adapters.http import summary, title
from controlroom.errors import ActionError

if TYPE_CHECKING:
    from controlroom.adapters.exchange import Answer
    from controlroom.adapters.http import Caller
    from controlroom.adapters.smoke import Attempt
    from controlroom.plan.observation import SmokeItem
    from controlroom.plan.requests import HttpRequest
    from controlroom.ports import Clock

_MOST_LOOKED_AT: Final = 8192
"""Characters of a body that an excerpt is made of."""


class Requests:
    """The requests of one item, in order, up to the first that goes wrong; cookies stay within an attempt."""

    def __init__(self, item: SmokeItem, caller: Caller, clock: Clock) -> None:
        self._requests = item.http or ()
        self._limit_s = item.timeout
        self._caller = caller
        self._vault = caller.vault
        self._clock = clock

    async def go(self, attempt: Attempt) -> str:
        """Send them all; what went wrong."""
        cookies = httpx.Cookies()
        for spec in self._requests:
            if wrong := await self._send(spec, attempt, cookies):
                return f"{title(spec, self._vault)}: {wrong}"
        took_s = sum(piece.took_s for piece in attempt.evidence)
        many = f"{len(attempt.evidence)} requests in {took_s * 1000:.0f} ms"
        attempt.praise = many if len(attempt.evidence) > 1 else attempt.evidence[0].detail
        return ""

    async def _send(self, spec: HttpRequest, attempt: Attempt, cookies: httpx.Cookies) -> str:
        filling, label = self._vault.fill(attempt.facts), title(spec, self._vault)
        began = self._clock.monotonic()
        sent = got = ""
        wrong = detail = "cut off before its answer"
        try:
            request = self._caller.prepare(spec, filling, self._limit_s)
            sent = self._vault.shown(_outgoing(request))
            answer = await self._caller.send(request, self._limit_s, cookies)
            wrong = self._vault.shown("; ".join(complaints(answer, spec.expect, filling)))
            if not wrong:
                self._remember(captured(answer, spec.capture, filling), attempt)
            # After the captures, of which some may have to be hidden.
            got, detail = self._vault.shown(_incoming(answer)), wrong or summary(answer)
        except ActionError as exc:
            detail = wrong = self._vault.shown(str(exc))
        finally:
            took_s = self._clock.monotonic() - began
            sent = "" if sent == label else sent  # nothing that the label does not say
            attempt.saw(label, ok=not wrong, detail=detail, took_s=took_s, sent=sent, got=got)
        return wrong

    def _remember(self, values: dict[str, Any], attempt: Attempt) -> None:
        for name, value in values.items():
            attempt.facts[f"capture.{name}"] = value
            self._vault.keep_if_telling(name, value)


def _outgoing(request: httpx.Request) -> str:
    """Method, URL and body; headers hold more secrets than news."""
    body = request.content[:_MOST_LOOKED_AT].decode(errors="replace")
    return f"{request.method} {request.url} {body}".rstrip()


def _incoming(answer: Answer) -> str:
    """Status, media type and body."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    return f"{answer.status} {kind} {answer.text}".rstrip()
