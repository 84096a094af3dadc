"""The steps of a service: actions that change something, and checks that say whether it is as it should be."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from controlroom.plan.base import (
    Amount,
    Count,
    Duration,
    EnvName,
    Flag,
    Id,
    Line,
    OneOf,
    Pause,
    Regex,
    Retries,
    Strict,
    Text,
    Texts,
    problem,
)
from controlroom.plan.requests import AnyHttp, HttpObserve, HttpRequest


def _command(value: Any) -> Any:
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, list) and value and all(isinstance(word, str) and word for word in value):
        return tuple(value)
    raise problem("run: needs a shell command as text, or a list of words to run without a shell")


Command = Annotated[Text | Annotated[tuple[str, ...], Field(min_length=1)], BeforeValidator(_command)]
"""Text goes to `/bin/sh -ec`; a tuple is executed without a shell."""


class SqlAction(Strict):
    """Statements, executed in one transaction on PostgreSQL."""

    dsn: Text
    execute: Texts


class SqlObserve(Strict):
    """One value read from PostgreSQL."""

    dsn: Text
    query: Text
    take: Literal["only", "newest", "count"] = "only"
    """The only row's first column; the largest first column as a number, in its own spelling; or how many rows."""


class SqlCheck(SqlObserve):
    """A query whose value, as text, must equal `equals`."""

    equals: Text


class PageObserve(OneOf):
    """Text of a web page, fetched as a visitor would: of the element by id or class, or the pattern's first group."""

    KINDS: ClassVar = ("id", "class", "pattern")
    WHAT: ClassVar = "page"

    url: Text
    headers: Mapping[Text, Text] = {}
    id: Text | None = None
    class_: Text | None = Field(None, alias="class")
    pattern: Regex | None = None


class PageCheck(PageObserve):
    """A page whose text, without surrounding space, must equal `equals`."""

    equals: Text


class BrowserCheck(Strict):
    """A page in a real Chromium, its scripts included: waits for the first element that matches, and compares its text.

    Errors on the console, requests that failed and a picture of the page are evidence, whatever the result.
    """

    url: Text
    selector: Text
    """A CSS selector."""
    equals: Text | None = None
    """The element's text, without surrounding space."""
    pattern: Regex | None = None
    """A regular expression that must be found in the element's text; with neither, being there is enough."""
    strict: Flag = False
    """Whether an error on the console or a failed request fails it too."""

    @model_validator(mode="after")
    def _one_text(self) -> Self:
        if self.equals is not None and self.pattern is not None:
            raise problem("equals: and pattern: are both there", "one of them says what the text must be")
        return self


class MetricCheck(Strict):
    """A metric of the service on the right side of a threshold."""

    name: Id
    above: Amount | None = None
    below: Amount | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise problem("a metric check needs above: or below:, one of them")
        return self


class Action(OneOf):
    """One act of a step."""

    KINDS: ClassVar = ("run", "http", "sql", "manual", "wait")
    WHAT: ClassVar = "an action"

    run: Command | None = None
    http: HttpRequest | None = None
    sql: SqlAction | None = None
    manual: Text | None = None
    """What the operator is asked to do and confirm."""
    wait: Pause | None = None
    """Seconds."""
    title: Line | None = None
    env: Mapping[EnvName, str] = {}
    """Environment of a run action; the only way for secrets into a command."""
    timeout: Duration = 600.0
    """Seconds until the action counts as failed; manual and wait have none."""
    grace: Pause = 10.0
    """Seconds between SIGTERM and SIGKILL when it is cancelled."""
    retries: Retries = 0
    retry_every: Pause = 5.0
    killable: Flag | None = None
    """Whether a rollback may cancel it midway; unless said, yes, but for the migrations of a database service."""
    cancel: "Action | None" = None
    """What stops the work elsewhere once the local command is cancelled."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.env and self.run is None:
            raise problem("env: belongs to run actions only")
        if self.cancel is not None and self.cancel.cancel is not None:
            raise problem("the action under cancel: cannot have a cancel: of its own")
        return self


class Check(OneOf):
    """A question with a yes or a no, asked until the answer has been yes often enough."""

    KINDS: ClassVar = ("http", "sql", "run", "page", "browser", "metric", "manual")
    WHAT: ClassVar = "a check"

    http: AnyHttp | None = None
    sql: SqlCheck | None = None
    run: Command | None = None
    page: PageCheck | None = None
    browser: BrowserCheck | None = None
    metric: MetricCheck | None = None
    manual: Text | None = None
    title: Line | None = None
    env: Mapping[EnvName, str] = {}
    output: Regex | None = None
    """A regular expression that the command's output must hold."""
    times: Count = 1
    """How many yes are needed."""
    consecutive: Flag = True
    """Whether a no starts the count again."""
    every: Pause = 2.0
    """Seconds between two questions."""
    timeout: Duration = 120.0
    """Seconds until the check counts as failed."""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.run is None and (self.env or self.output is not None):
            raise problem("env: and output: belong to run checks only")
        return self


class Observe(OneOf):
    """How one value, such as the live version, is read."""

    KINDS: ClassVar = ("http", "sql", "page", "run")
    WHAT: ClassVar = "observe"

    http: HttpObserve | None = None
    sql: SqlObserve | None = None
    page: PageObserve | None = None
    run: Command | None = None
    """Its output without surrounding space, or the first group of `pattern` in it."""
    env: Mapping[EnvName, str] = {}
    pattern: Regex | None = None
    timeout: Duration = 10.0


class Probe(OneOf):
    """The periodic health check of a service."""

    KINDS: ClassVar = ("http", "sql", "run")
    WHAT: ClassVar = "health"

    http: AnyHttp | None = None
    sql: SqlCheck | None = None
    run: Command | None = None
    env: Mapping[EnvName, str] = {}
    every: Duration = 1.0
    timeout: Duration = 1.0
