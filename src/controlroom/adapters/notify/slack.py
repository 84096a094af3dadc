"""Slack by a bot: the run's message updated in place, its details in a thread, alarms on their own with a mention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from controlroom.adapters.notify.delivery import Delivery
from controlroom.errors import Undelivered
from controlroom.run.notices import NoticeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from controlroom.adapters.exchange import Answer
    from controlroom.adapters.metrics.wanted import Means
    from controlroom.plan.sources import Slack
    from controlroom.run.notices import Notice

LONGEST: Final = 3000
"""Characters of a message: Slack cuts at 4,000."""
SCOPE: Final = "chat:write"
_TOKEN: Final = "check the bot token: api.slack.com/apps, OAuth & Permissions"  # noqa: S105 - says where to look
_INVITE: Final = "check the channel's name, and invite the bot there: /invite @its-name"
_FIXES: Final = {
    "invalid_auth": _TOKEN,
    "not_authed": _TOKEN,
    "account_inactive": _TOKEN,
    "token_revoked": _TOKEN,
    "token_expired": _TOKEN,
    "no_permission": _TOKEN,
    "missing_scope": f"give the app the bot scope {SCOPE}, and install it again",
    "channel_not_found": _INVITE,
    "not_in_channel": _INVITE,
    "is_archived": "the channel is archived: name another one",
    "restricted_action": "the workspace lets nobody post there: ask its owner, or name another channel",
}
_LATER: Final = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
                           "request_timeout", "team_added_to_org"})  # fmt: skip
_LOST: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message that should be updated is gone, or not ours: a new one takes its place."""


class _Said(msgspec.Struct):
    ok: bool
    error: str = ""
    channel: str = ""
    ts: str = ""
    team: str = ""
    user: str = ""


class SlackBot:
    """Implements the Notifier port with the Web API. A receipt is `channel:ts`. Raises Unable for what is not there."""

    gap_s = 1.0
    """One message a second is what a channel takes."""

    def __init__(self, settings: Slack, means: Means) -> None:
        filling = means.vault.fill({})
        self._delivery = Delivery(means)
        self._base = filling.url(settings.url).rstrip("/")
        self._headers = {"Authorization": f"Bearer {filling.text(settings.token or '')}"}
        self._channel = settings.channel or ""
        self._mention = settings.mention

    def takes(self, notice: Notice) -> bool:
        """Everything."""
        del notice
        return True

    async def look(self) -> str:
        """Ask whose token it is and what it may do; that the bot is in the channel shows when it posts."""
        answer = await self._ask("auth.test")
        scopes = answer.headers.get("x-oauth-scopes")
        if scopes is not None and SCOPE not in {scope.strip() for scope in scopes.split(",")}:
            raise Undelivered(f"the token lacks the scope {SCOPE}", fix=_FIXES["missing_scope"])
        said = self._said(answer)
        return f"{said.user} of {said.team}, to {self._channel}"

    async def deliver(self, notice: Notice, *, receipt: str, thread: str) -> str:
        """Post, update what `receipt` names, or reply in the thread."""
        form = {
            "text": message(self._delivery.lines(notice, LONGEST), notice, self._mention),
            "unfurl_links": "false",
            "unfurl_media": "false",
        }
        if receipt:
            channel, _, ts = receipt.partition(":")
            updated = {"channel": channel, "ts": ts, "text": form["text"]}
            try:
                return self._receipt(await self._ask("chat.update", updated))
            except _GoneError:
                receipt = ""
        channel, _, ts = thread.partition(":")
        if notice.kind is NoticeKind.DETAIL and ts:
            form["thread_ts"] = ts
        return self._receipt(await self._ask("chat.postMessage", {"channel": channel or self._channel, **form}))

    async def _ask(self, method: str, form: dict[str, str] | None = None) -> Answer:
        body: dict[str, Any] = {} if form is None else {"data": form}
        verb = "GET" if form is None else "POST"
        answer = await self._delivery.send(verb, f"{self._base}/{method}", self._headers, body, _TOKEN)
        said = self._said(answer)
        if said.ok:
            return answer
        if said.error in _LOST:
            raise _GoneError(said.error)
        if said.error in _LATER:
            raise Undelivered(f"Slack: {said.error}", again_s=self._delivery.wish_of(answer))
        why = f"Slack: {self._delivery.shown(said.error, 80)}"
        raise Undelivered(why, fix=_FIXES.get(said.error, "see api.slack.com/methods/chat.postMessage#errors"))

    def _said(self, answer: Answer) -> _Said:
        try:
            return msgspec.json.decode(answer.body, type=_Said)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            raise Undelivered("what came back is no answer of Slack", perhaps=True) from exc

    def _receipt(self, answer: Answer) -> str:
        said = self._said(answer)
        return f"{said.channel}:{said.ts}"


class _GoneError(Undelivered):
    """What should be updated is not there any more."""


def message(lines: Sequence[str], notice: Notice, mention: str) -> str:
    """The text in Slack's markup; whatever came from outside can neither call anybody nor draw links."""
    first, *rest = [line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines]
    sign = ""
    if notice.kind is NoticeKind.ALARM:
        sign = ":white_check_mark: " if notice.over else ":eyes: " if notice.acknowledged_by else ":rotating_light: "
    calling = f"{mention} " if notice.loud and mention else ""
    plain = notice.kind is NoticeKind.DETAIL or "*" in first
    headline = first if plain else f"*{first}*"
    return "\n".join((f"{calling}{sign}{headline}", *rest))
