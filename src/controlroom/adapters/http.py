"""HTTP as action, check and observer: a request of the plan, sent once, and the answer judged."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from controlroom.adapters.exchange import IDEMPOTENT, Answer, exchange, make_request
from controlroom.adapters.expectation import body_of, captured, complaints, value_at
from controlroom.adapters.task_job import TaskJob
from controlroom.adapters.trouble import NoAnswer
from controlroom.errors import ActionError
from controlroom.plan.requests import HttpRequest
from controlroom.ports import Finding, Outcome
from controlroom.run.events import Evidence
from controlroom.run.phases import OutcomeStatus

if TYPE_CHECKING:
    import httpx

    from controlroom.adapters.secrets import Filling, Vault
    from controlroom.plan.requests import HttpObserve
    from controlroom.plan.steps import Action as ActionSpec
    from controlroom.plan.steps import Check as CheckSpec
    from controlroom.ports import Clock, Job, Scene

LOOK_S: Final = 10.0
"""Real seconds that one look may take: a check's own timeout is for all its looks."""


class Caller:
    """Sends requests of the plan over the one client, and words what came of them without their secrets."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, vault: Vault) -> None:
        self._client = client
        self._clock = clock
        self.vault = vault

    def prepare(self, spec: HttpRequest, filling: Filling, timeout_s: float) -> httpx.Request:
        """The request with its references resolved. Raises Unable."""
        body: dict[str, Any] = {}
        if spec.json_ is not None:
            body["json"] = filling.json(spec.json_)
        elif spec.form is not None:
            body["data"] = filling.mapping(spec.form)
        elif spec.body is not None:
            body["content"] = filling.text(spec.body)
        return make_request(spec.method, filling.url(spec.url), filling.mapping(spec.headers), timeout_s, body)

    async def send(
        self, request: httpx.Request, timeout_s: float, cookies: httpx.Cookies | None = None, follow: int = 0
    ) -> Answer:
        """The answer to `request`. Raises NoAnswer."""
        return await exchange(self._client, request, self._clock, timeout_s, cookies=cookies, follow=follow)

    async def ask(
        self, spec: HttpRequest, filling: Filling, timeout_s: float, cookies: httpx.Cookies | None = None
    ) -> tuple[Answer, str]:
        """The answer to a request of the plan, and what is wrong with it, if anything. Raises Unable and NoAnswer."""
        answer = await self.send(self.prepare(spec, filling, timeout_s), timeout_s, cookies)
        return answer, self.vault.shown("; ".join(complaints(answer, spec.expect, filling)))


class HttpAction:
    """One request that changes something."""

    kind = "http"

    def __init__(self, spec: ActionSpec, caller: Caller) -> None:
        assert spec.http is not None  # noqa: S101 - the registry's key says so
        self._http = spec.http
        self._caller = caller
        self.label = spec.title or title(spec.http, caller.vault)

    async def start(self, scene: Scene) -> Job:
        """Send the request. Raises Unable when it cannot be built."""
        filling = self._caller.vault.fill(scene.facts)
        request = self._caller.prepare(self._http, filling, scene.timeout_s)
        return TaskJob(self._carry_out(request, filling, scene), self._cancelled)

    async def adopt(self, scene: Scene) -> Job | None:
        """None: what became of a request that an earlier engine sent cannot be known."""
        del scene
        return None

    async def _carry_out(self, request: httpx.Request, filling: Filling, scene: Scene) -> Outcome:
        try:
            answer = await self._caller.send(request, scene.timeout_s)
        except NoAnswer as exc:
            return self._unanswered(exc)
        wrong = complaints(answer, self._http.expect, filling)
        try:
            captured(answer, self._http.capture, filling)
        except ActionError as exc:
            wrong.append(str(exc))
        if wrong:
            return Outcome(status=OutcomeStatus.FAILED, detail=self._caller.vault.shown("; ".join(wrong)))
        return Outcome(status=OutcomeStatus.PASSED, detail=summary(answer))

    def _unanswered(self, exc: NoAnswer) -> Outcome:
        detail = self._caller.vault.shown(str(exc))
        if exc.sent and self._http.method not in IDEMPOTENT:
            return Outcome(status=OutcomeStatus.UNKNOWN, detail=f"{detail}; whether it was carried out is not known")
        return Outcome(status=OutcomeStatus.TIMED_OUT if exc.timed_out else OutcomeStatus.FAILED, detail=detail)

    def _cancelled(self) -> Outcome:
        if self._http.method in IDEMPOTENT:
            return Outcome(status=OutcomeStatus.CANCELLED, detail=f"{self._http.method} cancelled before its answer")
        detail = f"{self._http.method} cancelled before its answer; whether it was carried out is not known"
        return Outcome(status=OutcomeStatus.UNKNOWN, detail=detail)


class HttpCheck:
    """One request, and whether its answer is as the plan says."""

    kind = "http"

    def __init__(self, spec: CheckSpec, caller: Caller) -> None:
        assert spec.http is not None  # noqa: S101 - the registry's key says so
        self._request = spec.http.request
        self._caller = caller
        self.label = spec.title or title(self._request, caller.vault)

    async def look(self, scene: Scene) -> Finding:
        """Send the request once and judge the answer."""
        vault = self._caller.vault
        filling = vault.fill(scene.facts)
        limit_s = min(scene.timeout_s, LOOK_S)
        try:
            answer, wrong = await self._caller.ask(self._request, filling, limit_s)
        except ActionError as exc:
            return _finding(self.label, vault.shown(str(exc)))
        return _finding(self.label, wrong, answer, body_of(answer, filling))


class HttpObserver:
    """Reads one value, such as the live version, from a JSON answer."""

    kind = "http"

    def __init__(self, spec: HttpObserve, caller: Caller) -> None:
        self._spec = spec
        self._request = HttpRequest.model_construct(get=spec.url, headers=spec.headers)
        self._caller = caller
        self.label = title(self._request, caller.vault)

    async def look(self, scene: Scene) -> Finding:
        """Send the request once and take the value."""
        vault = self._caller.vault
        limit_s = min(scene.timeout_s, LOOK_S)
        try:
            filling = vault.fill(scene.facts)
            request = self._caller.prepare(self._request, filling, limit_s)
            answer = await self._caller.send(request, limit_s)
            observed = value_at(answer, self._spec.json_path, filling)
        except ActionError as exc:
            return Finding(ok=False, detail=vault.shown(str(exc)))
        unwell = f" (status {answer.status})" if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
        detail = vault.shown(f"{self._spec.json_path} is {observed}{unwell}")
        return Finding(ok=True, detail=detail, observed=vault.shown(observed))


def title(request: HttpRequest, vault: Vault) -> str:
    """Method and URL as the plan has them, for the operator."""
    return vault.shown(f"{request.method} {request.url}")


def summary(answer: Answer) -> str:
    """`201 in 84 ms`."""
    return f"{answer.status} in {answer.took_s * 1000:.0f} ms"


def _finding(label: str, wrong: str, answer: Answer | None = None, observed: str = "") -> Finding:
    took_s = round(answer.took_s, 3) if answer else 0.0
    said = f"{summary(answer)} · {observed}" if answer else ""
    evidence = Evidence(title=label, ok=not wrong, detail=wrong or said, took_s=took_s)
    return Finding(ok=not wrong, detail=wrong or said, observed=observed, evidence=(evidence,))
