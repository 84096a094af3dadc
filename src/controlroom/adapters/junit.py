"""JUnit files, as every test runner writes them: how many tests there were, and what those say that failed.

A file comes from a command that may be anything, so it is read with limits, as a regular file, and without a document
type: whatever expands or fetches needs one, and no test runner writes one.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from controlroom.adapters.trouble import Unable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_KEPT: Final = 20
"""Failures that are kept word for word; the others are counted."""
MOST_WORDS: Final = 2000
"""Characters that are kept of what a test says."""
DEEPEST: Final = 60
_ROOTS: Final = ("testsuites", "testsuite")
_FAILURES: Final = ("failure", "error")
_RERUNS: Final = ("flakyFailure", "flakyError")

Imprint = tuple[int, int, int, int]
"""What changes when a file is written."""


@dataclass(slots=True)
class Case:
    """A test; `said` is what it says of its failure."""

    name: str
    took_s: float = 0.0
    said: str = ""


@dataclass(slots=True)
class Results:
    """What a JUnit file tells; `flaky` tests passed when they were run again."""

    tests: int = 0
    failures: int = 0
    skipped: int = 0
    flaky: int = 0
    failed: list[Case] = field(default_factory=list)
    claimed: int = 0
    """Failures by the file's own sums, which may know of some that no test in it shows."""

    @property
    def wrong(self) -> str:
        """Why this is no pass; empty when it is one."""
        if self.failures:
            return f"{self.failures} of {self.tests} tests failed: {self.failed[0].name}: {self.failed[0].said}"
        if self.claimed:
            return f"the JUnit file counts {self.claimed} failures, and does not show them"
        if not self.tests:
            return "there is no test in the JUnit file"
        return f"nothing was tested: all {self.tests} tests were skipped" if self.skipped == self.tests else ""

    @property
    def counts(self) -> str:
        """`12 tests, 2 failed, 1 skipped`."""
        parts = [(self.failures, "failed"), (self.skipped, "skipped"), (self.flaky, "passed on a retry")]
        tests = "1 test" if self.tests == 1 else f"{self.tests} tests"
        return ", ".join([tests, *(f"{count} {word}" for count, word in parts if count)])


def imprint_of(path: Path) -> Imprint | None:
    """What to know a file by that is there already; None when there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def read_junit(path: Path, before: Imprint | None) -> Results:
    """What `path` tells. Raises Unable when it is not there, is still the one from `before`, or is no JUnit file."""
    if (now := imprint_of(path)) is None:
        raise Unable(f"the command wrote no JUnit file to {path}")
    if now == before:
        raise Unable(f"the JUnit file {path} is from before: this command did not write it")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123 - of a handle that cannot block
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise Unable(f"{path} is no file")
            content = file.read(MOST_BYTES + 1)
    except OSError as exc:
        raise Unable(f"the JUnit file {path} cannot be read: {exc.strerror}") from exc
    if not content.strip():
        raise Unable(f"the JUnit file {path} is empty")
    if len(content) > MOST_BYTES:
        raise Unable(f"the JUnit file {path} is larger than {MOST_BYTES // 1024 // 1024} MiB")
    try:
        return _Reader().read(content)
    except _Unfit as exc:
        raise Unable(f"{path} is no JUnit file: {exc}") from exc


class _Unfit(Exception):  # noqa: N818 - reads as what it reports
    """The content is not what it should be; `str()` says why."""


class _Reader:
    """Goes through the elements of one file; keeps no tree."""

    def __init__(self) -> None:
        self._results = Results()
        self._open: list[str] = []
        self._case: Case | None = None
        self._marks: set[str] = set()
        self._words: list[str] | None = None
        self._suite = ""
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def read(self, content: bytes) -> Results:
        """What the file tells. Raises _Unfit."""
        try:
            self._parser.Parse(content, True)
        except expat.ExpatError as exc:
            words = expat.errors.messages[exc.code]
            raise _Unfit(f"{words} (line {exc.lineno}, column {exc.offset + 1})") from exc
        return self._results

    def _doctype(self, *_: object) -> None:
        raise _Unfit("it has a document type, which none has")

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if not self._open and name not in _ROOTS:
            raise _Unfit(f"it begins with <{name[:40]}>")
        self._open.append(name)
        if len(self._open) > DEEPEST:
            raise _Unfit(f"it is nested more than {DEEPEST} deep")
        if name in _ROOTS:
            self._suite = attributes.get("name", "")[:MOST_WORDS]
            claimed = sum(int(_number(attributes.get(word, ""))) for word in ("failures", "errors"))
            self._results.claimed = max(self._results.claimed, claimed)
        elif name == "testcase":
            self._case = Case(_name_of(attributes), _number(attributes.get("time", "")))
            self._marks = set()
        elif name in _FAILURES or name in _RERUNS or name == "skipped":
            self._mark(name, attributes)

    def _mark(self, name: str, attributes: Mapping[str, str]) -> None:
        """Something was said of a test, or of a suite that could not even begin."""
        first = not self._marks.intersection(_FAILURES)
        self._marks.add(name)
        if name in _FAILURES and self._case is None:
            self._case = Case(self._suite or "the test suite")
        if name in _FAILURES and first and self._case is not None:
            self._case.said = attributes.get("message", "")[:MOST_WORDS] or attributes.get("type", "")[:MOST_WORDS]
            self._words = []

    def _text(self, text: str) -> None:
        if self._words is not None and sum(map(len, self._words)) < MOST_WORDS:
            self._words.append(text[:MOST_WORDS])

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        self._open.pop()
        if name in _FAILURES and self._words is not None and self._case is not None:
            self._case.said = self._case.said or "".join(self._words).strip()[:MOST_WORDS] or "it does not say why"
            self._words = None
            if "testcase" not in self._open:
                self._count(self._case)
        elif name == "testcase" and self._case is not None:
            self._count(self._case)

    def _count(self, case: Case) -> None:
        results = self._results
        results.tests += 1
        if self._marks.intersection(_FAILURES):
            results.failures += 1
            if len(results.failed) < MOST_KEPT:
                results.failed.append(case)
        elif "skipped" in self._marks:
            results.skipped += 1
        elif self._marks:
            results.flaky += 1
        self._case, self._marks = None, set()


def _name_of(attributes: Mapping[str, str]) -> str:
    """The test as its runner calls it: class and name."""
    where, name = attributes.get("classname", ""), attributes.get("name", "")
    return (f"{where}.{name}" if where and not name.startswith(where) else name)[:MOST_WORDS] or "a test without a name"


def _number(text: str) -> float:
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return number if 0 <= number < 1e9 else 0.0  # noqa: PLR2004 - neither NaN nor nonsense
