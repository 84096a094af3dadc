"""Files that a command names by a relative path: commands of a plan start in `/`, and would not find them."""

from __future__ import annotations

import re

_KINDS = (
    r"bash|cfg|conf|csv|env|feature|hurl|ini|jar|jmx|[cm]?[jt]sx?|json|php|pl|properties|ps1|py|rb|robot|sh|sql|tar"
    r"|tf|toml|txt|xml|ya?ml|zip"
)
_FILE = re.compile(rf"\.{{1,2}}/[\w./-]+|[\w-][\w./-]*\.(?:{_KINDS})(?:::\S+)?")
_MOVES = re.compile(r"(?:^|[;&|]\s*)cd\s+[/~$\"']")
_APART = re.compile(r"[\s;|&<>()='\"]+")


def relative_path(command: str) -> str:
    """The first file that `command` names by a relative path; empty for none, or where it changes its folder itself."""
    if _MOVES.search(command):
        return ""
    return next((word for word in _APART.split(command) if _FILE.fullmatch(word)), "")


def path_comment(command: str) -> str:
    """What a plan says beside such a command; empty for one that needs no word."""
    found = relative_path(command)
    return f"commands start in /: give {found} its whole path" if found else ""
