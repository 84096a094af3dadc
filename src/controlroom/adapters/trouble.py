"""The two ways in which reaching out can fail before there is anything to judge."""

from __future__ import annotations

from controlroom.errors import ActionError


class Unable(ActionError):  # noqa: N818 - reads as what it reports
    """It could not even be tried from here: a reference without a value, a URL that is none, a program not there."""


class NoAnswer(ActionError):  # noqa: N818 - reads as what it reports
    """No whole answer came back; `str()` is the sentence. `sent`: the peer may have acted on the request."""

    def __init__(self, why: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(why)
        self.sent = sent
        self.timed_out = timed_out
