"""What every part of the plan model is made of: the strict base class and the types of single values.

A plan's scalars arrive as text and are typed here, so that version 2.10 stays "2.10". Values that are JSON of their own
(bodies, expected answers) arrive with what stood without quotes as `Plain`, and get their types from `json_value`.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from controlroom.plan import units

VERSION = re.compile(r"[A-Za-z0-9._+-]{1,128}")
"""What a version, captured or declared, may look like before it may stand in a command."""

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
LINE_PATTERN = r"^[^\x00-\x1f\x7f]+$"
LINK_PATTERN = r"^https?://[^\x00-\x20\x7f/@?#]+([/?#][^\x00-\x20\x7f]*)?$"
ENV_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
CAPTURE_PATTERN = r"^[a-z][a-z0-9_]*$"
JSON_PATH_PATTERN = r"^\$"
MOST_RETRIES = 10


class Plain(str):
    """A scalar inside JSON that the plan wrote without quotes, so that 1 is told from "1"."""

    __slots__ = ()


class Strict(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class OneOf(Strict):
    """A mapping with exactly one of `KINDS` among its keys."""

    KINDS: ClassVar[tuple[str, ...]] = ()
    WHAT: ClassVar[str] = "entry"

    @property
    def kind(self) -> str:
        """The kind's name, as the plan spells it."""
        return self._given()[0]

    def _given(self) -> list[str]:
        fields = type(self).model_fields
        return [name for name in self.KINDS if getattr(self, name if name in fields else f"{name}_") is not None]

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        wrong = self.miscounted(self._given())
        if wrong is not None:
            raise wrong
        return self

    @classmethod
    def miscounted(cls, given: Sequence[str]) -> PydanticCustomError | None:
        """What is wrong with these of `KINDS` standing there; None for exactly one."""
        if len(given) == 1:
            return None
        found = f"{' and '.join(given)} are both there" if given else "none is there"
        return problem(f"{cls.WHAT} needs exactly one of {', '.join(cls.KINDS)}; {found}", "write one entry for each")


def problem(message: str, hint: str = "") -> PydanticCustomError:
    """A validation error in plain words; the loader turns it into a Problem with its place in the file."""
    return PydanticCustomError("plan", "{message}", {"message": message, "hint": hint})


class Scalar:
    """Marks the type of a single value: how it is validated, and how a schema shows it.

    Whole core schemas, given ready-made, save the half of the model's building time that deducing them would take.
    """

    def __init__(self, core: CoreSchema, shown: dict[str, Any] | None = None) -> None:
        self._core = core
        self._shown = shown

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        # A copy, because what surrounds the type writes its metadata into it.
        return cast("CoreSchema", {**self._core})

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(core) if self._shown is None else {**self._shown}


def text(pattern: str | None = None, longest: int | None = None) -> Scalar:
    """Text of at least one character."""
    return Scalar(core_schema.str_schema(min_length=1, max_length=longest, pattern=pattern))


def whole(least: int, most: int) -> Scalar:
    """A whole number in decimal digits."""
    core = core_schema.no_info_before_validator_function(_digits, core_schema.int_schema(ge=least, le=most))
    return Scalar(core, {"type": "integer", "minimum": least, "maximum": most})


def _parsed(parse: Callable[[str], object], shown: dict[str, Any]) -> Scalar:
    """A text that becomes what `parse` makes of it; UnitError says that it is none."""

    def read(value: Any) -> object:
        if not isinstance(value, str):
            raise problem("one value is needed here, not a list, a mapping or nothing")
        try:
            return parse(value)
        except units.UnitError as exc:
            raise problem(str(exc), exc.hint) from exc

    return Scalar(core_schema.no_info_plain_validator_function(read), shown)


def _positive(text: str) -> float:
    seconds = units.parse_duration(text)
    if seconds == 0:
        raise units.UnitError(f"{text!r} is no time at all", "give it more than zero")
    return seconds


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise units.UnitError("true or false is needed here", "write true or false")
    return text == "true"


def json_value(value: Any) -> Any:
    """The JSON value that a piece of plan text stands for: unquoted numbers, true, false and null get their type."""
    if isinstance(value, dict):
        return {str(key): json_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [json_value(inner) for inner in value]
    if isinstance(value, Plain):
        if value in ("true", "false") or re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", value):
            return json.loads(value)
        return str(value)
    return value


def _regex(value: Any) -> Any:
    if isinstance(value, str):
        try:
            re.compile(value)
        except re.error as exc:
            raise problem(f"this is no regular expression: {exc}") from exc
    return value


def one_or_more(value: Any) -> Any:
    """A single text stands for a list of one."""
    return [value] if isinstance(value, str) else value


def shape(value: Any) -> str:
    """Tells the two forms of a value apart: `(mapping)` or `(text)`."""
    return "(mapping)" if isinstance(value, dict | BaseModel) else "(text)"


def _digits(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        return int(value)
    raise problem("a whole number is needed here", "digits only, such as 3")


Text = Annotated[str, text(longest=65_536)]
Line = Annotated[str, text(LINE_PATTERN, longest=500)]
Id = Annotated[str, text(ID_PATTERN)]
Link = Annotated[str, text(LINK_PATTERN, longest=2_000)]
Version = Annotated[str, text(rf"^{VERSION.pattern}$")]
JsonPath = Annotated[str, text(JSON_PATH_PATTERN, longest=65_536)]
EnvName = Annotated[str, text(ENV_PATTERN)]
CaptureName = Annotated[str, text(CAPTURE_PATTERN)]
Regex = Annotated[Text, BeforeValidator(_regex)]
Flag = Annotated[bool, _parsed(_flag, {"type": "boolean"})]
Count = Annotated[int, whole(1, 1_000_000)]
Number = Annotated[int, whole(0, 1_000_000_000)]
Retries = Annotated[int, whole(0, MOST_RETRIES)]
Share = Annotated[float, Field(gt=0, lt=1)]
ONE_OR_MORE = (BeforeValidator(one_or_more), Field(json_schema_extra={"x-one-or-more": True}))
Texts = Annotated[tuple[Text, ...], *ONE_OR_MORE, Field(min_length=1)]

_DURATION = {"type": "string", "pattern": units.DURATION_PATTERN}
Duration = Annotated[float, _parsed(_positive, _DURATION)]
"""Seconds, more than zero."""
Pause = Annotated[float, _parsed(units.parse_duration, _DURATION)]
"""Seconds, zero or more."""
Percent = Annotated[float, _parsed(units.parse_percent, {"type": "string", "pattern": units.PERCENT_PATTERN})]
"""0.0 to 100.0."""
Amount = Annotated[
    units.Amount, _parsed(units.parse_amount, {"type": ["string", "number"], "pattern": units.AMOUNT_PATTERN})
]
Unit = Annotated[str, _parsed(units.check_unit, {"enum": list(units.UNITS)})]
Json = Annotated[Any, Scalar(core_schema.no_info_plain_validator_function(json_value), {"x-json": True})]
