"""A journal whose every free word is the same given text: what strangers could have written into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import convert, to_builtins

from controlroom.run.chain import GENESIS, seal
from controlroom.run.events import Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.run.events import Record

FREE = frozenset(
    "title name text why reason note detail message label operator host by deploy verify rollback channels success "  # noqa: SIM905
    "window_hint responsible link lines evidence numbers plan_path stopped suggest instructions database_effect "
    "accepted_breach window_override subject fix zone previous".split()
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style></svg><script>alert(1)</script>",
    "]]> --> <!-- x",
    "&lt;b&gt; &#60; &amp;",
    "a | b || c \\| d \\",
    "`one` ``two`` ```three",
    "``` \n\n# heading\n\n| a |\n|---|\n| b |",
    "> quoted\n- item\n1. first\n- [x] done",
    "1. first",
    "- item",
    "+ item",
    "# heading",
    "> quotation",
    "---",
    "===",
    "    indented code",
    "***bold*** __strong__ ~~gone~~ _it_",
    "[click](javascript:alert(1)) ![x](http://203.0.113.9/x.png) <http://203.0.113.9>",
    "[ref]: http://203.0.113.9",
    "<!-- <b> --> <?php ?> <![CDATA[ x ]]>",
    "{0} {secret} %s {{7*7}}",
    "\x1b[31mred\x1b[0m \x00 \x07 \u202egnp.exe\u202c \u200b\ufeff \u2028 \x85 end",
    "@here @channel #123",
    "'';!--\"<XSS>=&{()}",
)


def filled(records: Sequence[Record], words: str) -> list[Record]:
    """The same journal with `words` in every place where somebody or something may write freely; its chain holds."""
    told: list[Record] = []
    for record in records:
        event = convert(_filled(to_builtins(record.event), words), Event)
        actor = record.actor if record.actor == "engine" else words
        prev = told[-1].hash if told else GENESIS
        told.append(
            seal(
                seq=record.seq,
                at=record.at,
                run=record.run,
                actor=actor,
                host=words,
                cause=record.cause,
                event=event,
                prev=prev,
            )
        )
    return told


def _filled(value: Any, words: str, *, free: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _filled(inner, words, free=free or key in FREE) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, words, free=free) for inner in value]
    return words if free and isinstance(value, str) and value else value
