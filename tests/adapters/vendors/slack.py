"""A fake of Slack: the Web API of one workspace with its channels and messages, and an incoming webhook."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from tests.adapters.vendors.http_server import Asked, Said

BOT = "U0CONTROLRM"


@dataclass
class Message:
    """One message as it reads now; `versions` are all texts that it had."""

    channel: str
    ts: str
    text: str
    thread: str = ""
    versions: list[str] = field(default_factory=list)


@dataclass
class FakeSlack:
    """`channels` by name; the bot is a `member` of some. `complaint` is said with `ok: false` and `refusing_status`."""

    token: str
    channels: dict[str, str] = field(default_factory=lambda: {"#deployments": "C0DEPLOYMENTS"})
    member: set[str] = field(default_factory=lambda: {"C0DEPLOYMENTS"})
    scopes: str = "chat:write,chat:write.public"
    complaint: str = ""
    refusing_status: int = 200
    messages: dict[str, Message] = field(default_factory=dict)
    hooked: list[str] = field(default_factory=list)
    _clock: count[int] = field(default_factory=lambda: count(1))

    def answer(self, asked: Asked) -> Said:
        """What Slack says."""
        if asked.path.startswith("/services/"):
            return self._hook(asked)
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return self._not_ok("invalid_auth" if asked.headers.get("authorization") else "not_authed")
        if self.complaint:
            return self._not_ok(self.complaint)
        match asked.path.rpartition("/")[2]:
            case "auth.test":
                known = {"url": "https://shop.slack.com/", "team": "Shop", "user": "deploybot", "team_id": "T0SHOP"}
                return Said({"ok": True, **known, "user_id": BOT}, headers={"x-oauth-scopes": self.scopes})
            case "chat.postMessage":
                return self._post(asked)
            case "chat.update":
                return self._update(asked)
        return self._not_ok("unknown_method")

    def texts(self, *, thread: str | None = None) -> list[str]:
        """The messages as they read now; with a thread, its replies."""
        return [one.text for one in self.messages.values() if thread is None or one.thread == thread]

    def _post(self, asked: Asked) -> Said:
        wanted = asked.params.get("channel", "")
        channel = self.channels.get(wanted, wanted)
        if channel not in self.channels.values():
            return self._not_ok("channel_not_found")
        if channel not in self.member:
            return self._not_ok("not_in_channel")
        if not asked.params.get("text"):
            return self._not_ok("no_text")
        ts = f"1796000000.{next(self._clock):06d}"
        thread = asked.params.get("thread_ts", "")
        self.messages[ts] = Message(channel, ts, asked.params["text"], thread, [asked.params["text"]])
        shown = {"type": "message", "text": asked.params["text"], "ts": ts, "user": BOT}
        if thread:
            shown["thread_ts"] = thread
        return Said({"ok": True, "channel": channel, "ts": ts, "message": shown})

    def _update(self, asked: Asked) -> Said:
        message = self.messages.get(asked.params.get("ts", ""))
        if asked.params.get("channel") not in self.channels.values():
            return self._not_ok("channel_not_found")
        if message is None:
            return self._not_ok("message_not_found")
        message.text = asked.params["text"]
        message.versions.append(message.text)
        text = {"text": message.text}
        return Said({"ok": True, "channel": message.channel, "ts": message.ts, **text, "message": text})

    def _hook(self, asked: Asked) -> Said:
        if asked.path != "/services/T0SHOP/B0HOOK/h00k-s3cret-h00k":
            return Said("no_team", 404, kind="text/plain")
        text = asked.json.get("text") if isinstance(asked.json, dict) else None
        if not text:
            return Said("no_text", 400, kind="text/plain")
        self.hooked.append(text)
        return Said("ok", kind="text/plain")

    def _not_ok(self, error: str) -> Said:
        return Said({"ok": False, "error": error}, self.refusing_status)
