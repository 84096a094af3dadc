"""HTTP in a plan: a request with what it expects and captures, and the short form that checks use."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Discriminator, Field, Tag, model_validator

from controlroom.plan.base import (
    ONE_OR_MORE,
    CaptureName,
    Duration,
    Json,
    JsonPath,
    OneOf,
    Regex,
    Strict,
    Text,
    problem,
    whole,
)

_METHODS = ("get", "post", "put", "patch", "delete")
_NO_BODY = ("get", "delete")


Status = Annotated[int, whole(100, 599)]
Statuses = Annotated[tuple[Status, ...], *ONE_OR_MORE, Field(min_length=1, max_length=50)]


class Expect(Strict):
    """What an answer must be; everything named must hold, and by default only a 2xx status is asked for."""

    status: Statuses | None = None
    """The allowed status codes; None stands for any 2xx."""
    json_: Json = Field(None, alias="json")
    """A mapping must be contained in the answer (its keys equal, others ignored); anything else must be equal."""
    json_path: Mapping[JsonPath, Json] = {}
    """RFC 9535 path → the value that its first match must equal."""
    headers: Mapping[Text, Text] = {}
    """Header → exact value; header names in any case."""
    body: Regex | None = None
    """A regular expression that must be found in the body."""
    time: Duration | None = None
    """Seconds that the answer may take."""


class HttpRequest(OneOf):
    """One request: exactly one of the methods holds its URL."""

    KINDS: ClassVar = _METHODS
    WHAT: ClassVar = "a request"

    get: Text | None = None
    post: Text | None = None
    put: Text | None = None
    patch: Text | None = None
    delete: Text | None = None
    headers: Mapping[Text, Text] = {}
    json_: Json = Field(None, alias="json")
    """Sent as the body, application/json."""
    form: Mapping[Text, Text] | None = None
    """Sent as the body, application/x-www-form-urlencoded."""
    body: Text | None = None
    """Sent as it is."""
    expect: Expect = Expect.model_construct()
    capture: Mapping[CaptureName, JsonPath] = {}
    """Name → RFC 9535 path in the answer; `${capture.NAME}` in what follows."""

    @property
    def method(self) -> str:
        """GET, POST, PUT, PATCH or DELETE."""
        return self.kind.upper()

    @property
    def url(self) -> str:
        """The URL, its references unresolved."""
        return str(getattr(self, self.kind))

    @property
    def request(self) -> "HttpRequest":
        """Itself, so that both forms of a check read alike."""
        return self

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        bodies = [name for name in ("json", "form", "body") if getattr(self, name.replace("json", "json_")) is not None]
        if len(bodies) > 1:
            raise problem(f"a request has one body; {' and '.join(bodies)} are both there")
        if bodies and any(getattr(self, method) for method in _NO_BODY):
            raise problem(f"a {self.kind} request sends no {bodies[0]}", "what an answer must be stands under expect:")
        return self


class HttpCheck(Strict):
    """The short form in checks, probes and observe: a GET, and what its answer must be."""

    url: Text
    headers: Mapping[Text, Text] = {}
    """Sent with the request."""
    status: Statuses | None = None
    json_: Json = Field(None, alias="json")
    json_path: Mapping[JsonPath, Json] = {}
    body: Regex | None = None
    time: Duration | None = None

    @property
    def request(self) -> HttpRequest:
        """The same as a full request."""
        expect = Expect.model_construct(
            status=self.status, json_=self.json_, json_path=self.json_path, headers={}, body=self.body, time=self.time
        )
        return HttpRequest.model_construct(get=self.url, headers=self.headers, expect=expect)


def _form(value: Any) -> str:
    short = "url" in value if isinstance(value, dict) else isinstance(value, HttpCheck)
    return "(short)" if short else "(request)"


AnyHttp = Annotated[
    Annotated[HttpCheck, Tag("(short)")] | Annotated[HttpRequest, Tag("(request)")], Discriminator(_form)
]
"""A check's http: the short form has a `url`; `.request` of either is the full request."""


class HttpObserve(Strict):
    """A GET whose JSON answer holds the version."""

    url: Text
    headers: Mapping[Text, Text] = {}
    json_path: JsonPath = "$.version"
