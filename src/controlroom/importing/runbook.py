"""The deployment steps: a table, or a numbered list, of services with their action and verification."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from controlroom.importing import vocabulary as said
from controlroom.importing.draft import Act, DraftService, Kind, Verification
from controlroom.importing.vocabulary import fold, slug

if TYPE_CHECKING:
    from controlroom.importing.draft import Draft
    from controlroom.importing.pages import Chapter, Grid, Words

_RESERVED = frozenset({"all", "traffic"})
_VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:[-+][\w.]+)?|v\d+")
_QUERY = re.compile(r"select\b", re.IGNORECASE)
_PATH = re.compile(r"(?:curl\b.*?|GET\s+|HTTP\s+)?\s*(https?://[^\s'\"]+|/[\w./?=&%-]*)", re.IGNORECASE)
_ASKS_FOR_VERSION = re.compile(r"version|migra|revision|schema")
_GIVES = re.compile(
    r"\W*(?:is|be|equals?|returns?|gives?|shows?|should (?:be|return)|must be|es|sea|da|devuelve|retorna|muestra"
    r"|debe (?:ser|dar|devolver)|=|==|→|->|:)\W*(?:to |the |la |version )*(\d[\w.]*\w|\d)"
)
_STATUS = re.compile(r"\b(?:http|status|codigo|code|responde|returns?|retorna)\W{0,3}(?:con |with |an? |un )?(\d{3})\b")
_JOINT = re.compile(r"\s+(?:y|e|and|then|luego|despues)\s+", re.IGNORECASE)
_VERIFIES = re.compile(r"[.;,]?\s*\b(verificar|verificacion|verify|verification|verified by|check|comprobar)\b\s*:?\s*")
_LETTERS = re.compile(r"[^\W\d_]{2,}")


def read_table(grid: Grid, draft: Draft) -> bool:
    """Services from a table with at least a column of services and one of actions; whether it was one."""
    columns = _columns(grid)
    if not {"service", "action"} <= columns.keys():
        return False
    for row in grid.rows:
        cells = {role: row[place] for role, place in columns.items() if place < len(row)}
        if not cells["service"].text:
            continue
        order = cells.get("order")
        if order is not None:
            order.used = True
        _add(draft, cells["service"], cells["action"], cells.get("verification"))
    return True


def _columns(grid: Grid) -> dict[str, int]:
    """Role → place; of a role that fits several columns the first, and no column has two."""
    found: dict[str, int] = {}
    for role, pattern in said.COLUMNS.items():
        for place, head in enumerate(grid.head):
            if place not in found.values() and role not in found and pattern.search(fold(head.text)):
                found[role] = place
    # "Step" may head numbers or names.
    if "service" not in found and "order" in found and _has_words(grid, found["order"]):
        found["service"] = found.pop("order")
    return found


def _has_words(grid: Grid, place: int) -> bool:
    return all(_LETTERS.search(row[place].text) for row in grid.rows if place < len(row))


def read_list(chapter: Chapter, draft: Draft) -> None:
    """Services from a numbered list whose items begin with a name: `**Auth API**: deploy it. Verify: …`."""
    for words in chapter.words:
        if not words.numbered or words.used:
            continue
        name, _, rest = (words.head, "", words.tail) if words.head else words.text.partition(":")
        if not name or not rest:
            continue
        split = _VERIFIES.search(fold(rest))
        action = rest[: split.start()] if split else rest
        check = rest[split.end() :] if split else ""
        _add_texts(draft, words, name.strip(), action.strip(), check.strip())


def _add(draft: Draft, name: Words, action: Words, check: Words | None) -> None:
    for words in (name, action, check):
        if words is not None:
            words.used = True
    codes = check.codes if check is not None else ()
    text = check.text if check is not None else ""
    _add_service(draft, name.line, name.text, (action.text, action.codes), (text, codes))


def _add_texts(draft: Draft, words: Words, name: str, action: str, check: str) -> None:
    words.used = True
    before = tuple(code for code in words.codes if code in action)
    after = tuple(code for code in words.codes if code in check and code not in before)
    _add_service(draft, words.line, name, (action, before), (check, after))


def _add_service(
    draft: Draft, line: int, name: str, action: tuple[str, tuple[str, ...]], check: tuple[str, tuple[str, ...]]
) -> None:
    kind = _kind(name, action[0], check[0])
    versions = [code for code in action[1] if _VERSION.fullmatch(code)]
    if not versions:
        versions = [word for word in re.findall(r"[\w.+-]+", action[0]) if _VERSION.fullmatch(word.rstrip("."))]
    verification = _verification(*check)
    if kind is Kind.DATABASE and not versions:
        versions = _newest(verification.query, check[0])
    if verification.expected and not _is_json(verification.expected):
        draft.remark(line, f"{verification.expected} is no JSON, so it is not asked for")
        verification.expected = ""
    if not check[0]:
        draft.remark(line, f"{name}: nothing says how it is verified")
    draft.services.append(
        DraftService(
            id=_id(name, kind, {service.id for service in draft.services}),
            name=name,
            kind=kind,
            line=line,
            acts=_acts(draft, line, *action),
            verification=verification,
            version=versions[0].rstrip(".") if versions else "",
            example=bool(versions) and bool(said.EXAMPLE.search(fold(action[0]))),
        )
    )


def _kind(name: str, action: str, check: str) -> Kind:
    if said.API.search(fold(name)):
        return Kind.API
    if said.DATABASE.search(fold(name)):
        return Kind.DATABASE
    if said.FRONTEND.search(fold(name)) or said.BROWSER.search(fold(check)):
        return Kind.FRONTEND
    return Kind.DATABASE if said.DATABASE.search(fold(action)) else Kind.OTHER


def _id(name: str, kind: Kind, taken: set[str]) -> str:
    own = [word for word in slug(name).split("-") if word not in said.GENERIC]
    found = "database" if kind is Kind.DATABASE else slug(" ".join(own)) or slug(name) or "service"
    if found in _RESERVED:
        found = f"{found}-service"
    number = 2
    unique = found
    while unique in taken:
        unique, number = f"{found}-{number}", number + 1
    return unique


def _acts(draft: Draft, line: int, text: str, codes: tuple[str, ...]) -> list[Act]:
    title = _sentence(text)
    commands = [code for code in codes if not _VERSION.fullmatch(code)]
    if commands:
        return [Act(title if place == 0 else command, command) for place, command in enumerate(commands)]
    halves = _JOINT.split(title, maxsplit=1)
    if len(halves) > 1 and said.CDN.search(fold(title)):
        if said.CDN.search(fold(halves[0])):
            draft.remark(
                line, "a cache that is emptied before the new build is there fills with the old one: mind the order"
            )
        return [Act(half[:1].upper() + half[1:]) for half in halves]
    return [Act(title)]


def _sentence(text: str) -> str:
    return text.strip().removesuffix(".").strip()


def _verification(text: str, codes: tuple[str, ...]) -> Verification:
    found = Verification(_sentence(text))
    for code in codes:
        path = _PATH.fullmatch(code)
        if _QUERY.match(code):
            found.query = found.query or code
        elif code[:1] in {"{", "["}:
            found.expected = found.expected or code
        elif path is not None:
            address = path[1]
            found.url, found.path = (address, "") if "://" in address else ("", address)
        elif re.fullmatch(r"\d{3}", code):
            found.status = code
        elif not _VERSION.fullmatch(code) and " " in code:
            found.command = found.command or code
    address = found.url or found.path
    status = _STATUS.search(fold(text))
    if address and status and not found.status:
        found.status = status[1]
    found.browser = not (address or found.query or found.command) and bool(said.BROWSER.search(fold(text)))
    return found


def _newest(query: str, text: str) -> list[str]:
    """The version that a query for one should give, by what the document says right after it."""
    _, _, after = text.partition(query) if query else ("", "", "")
    match = _GIVES.match(fold(after)) if _ASKS_FOR_VERSION.search(fold(query)) else None
    return [match[1]] if match else []


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
