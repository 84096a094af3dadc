"""JUnit files as runners write them, and as nobody should."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from controlroom.adapters.junit import MOST_BYTES, MOST_KEPT, Results, imprint_of, read_junit
from controlroom.adapters.trouble import Unable

if TYPE_CHECKING:
    from pathlib import Path

PYTEST = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="3" time="0.081"
 timestamp="2026-12-01T03:00:11.201+00:00" hostname="bastion-1">
<testcase classname="test_shop.TestOrders" name="test_pay" time="0.041">
<failure message="AssertionError: assert 502 == 200">
def test_pay():
&gt;       assert pay() == 200</failure></testcase>
<testcase classname="test_shop" name="test_list" time="0.002" />
<testcase classname="test_shop" name="test_gift" time="0.000">
<skipped type="pytest.skip" message="no gifts" /></testcase>
</testsuite></testsuites>"""
PLAYWRIGHT = """<testsuites id="" name="" tests="2" failures="1" skipped="0" errors="0" time="3.1">
<testsuite name="login.spec.ts" timestamp="2026-12-01T03:00:11.201Z"
 hostname="chromium" tests="2" failures="1" time="3">
<testcase name="logs in" classname="login.spec.ts" time="1.02">
<system-out><![CDATA[ok & <fine>]]></system-out></testcase>
<testcase name="shows the cart" classname="login.spec.ts" time="1,201.9">
<failure message="login.spec.ts:7:1 shows the cart" type="FAILURE">
<![CDATA[  Error: expect(locator).toBeVisible() failed]]>
</failure></testcase></testsuite></testsuites>"""
NEWMAN = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Shop" tests="2" time="0.5"><testsuite name="Login" id="1" tests="1"
 failures="0" errors="1" time="0.1">
<testcase name="Login"><error message="connect ECONNREFUSED 127.0.0.1:80"/></testcase></testsuite>
<testsuite name="List" id="2" tests="1" failures="0" errors="0" time="0.1"><testcase name="Status is 200" time="0.1"
 classname="List"/></testsuite></testsuites>"""
SUREFIRE = """<testsuite xmlns="urn:junit" name="a.B" tests="2" failures="0" errors="0" skipped="0">
<testcase name="once" classname="a.B" time="0.1"/>
<testcase name="twice" classname="a.B" time="0.1"><flakyFailure message="timeout" type="T"/></testcase></testsuite>"""


def read(folder: Path, content: str | bytes) -> Results:
    """What a file with that content tells."""
    path = folder / "junit.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_junit(path, None)


def test_pytest(tmp_path: Path) -> None:
    """Counts come from the tests themselves; a failure has its name, its words and its time."""
    results = read(tmp_path, PYTEST)
    assert results.counts == "3 tests, 1 failed, 1 skipped"
    assert results.wrong == "1 of 3 tests failed: test_shop.TestOrders.test_pay: AssertionError: assert 502 == 200"
    assert results.failed[0].took_s == 0.041


def test_playwright_newman_surefire(tmp_path: Path) -> None:
    """Errors count as failures, thousands have commas, namespaces and other elements are passed over."""
    assert read(tmp_path, PLAYWRIGHT).wrong.endswith("login.spec.ts.shows the cart: login.spec.ts:7:1 shows the cart")
    assert read(tmp_path, PLAYWRIGHT).failed[0].took_s == 1201.9
    assert read(tmp_path, NEWMAN).wrong == "1 of 2 tests failed: Login: connect ECONNREFUSED 127.0.0.1:80"
    results = read(tmp_path, SUREFIRE)
    assert (results.wrong, results.counts) == ("", "2 tests, 1 passed on a retry")


def test_a_failure_without_a_message_says_its_text(tmp_path: Path) -> None:
    """What stands in the element is better than nothing, and nothing is said as such."""
    text = "<testsuite><testcase name='a'><failure>\n  went wrong\n</failure></testcase></testsuite>"
    assert read(tmp_path, text).wrong == "1 of 1 tests failed: a: went wrong"
    assert "it does not say why" in read(tmp_path, text.replace("went wrong", "")).wrong
    suite = "<testsuite name='Setup'><error message='no database'/><testcase name='a'/></testsuite>"
    assert read(tmp_path, suite).wrong == "1 of 2 tests failed: Setup: no database"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<testsuite tests='0'/>", "there is no test in the JUnit file"),
        ("<testsuites><testsuite name='x' tests='4'/></testsuites>", "there is no test in the JUnit file"),
        (
            "<testsuite><testcase name='a'><skipped/></testcase></testsuite>",
            "nothing was tested: all 1 tests were skipped",
        ),
        (
            "<testsuite failures='2' errors='1' tests='9'><testcase name='a'/></testsuite>",
            "the JUnit file counts 3 failures, and does not show them",
        ),
    ],
)
def test_what_is_no_pass(tmp_path: Path, text: str, why: str) -> None:
    """A file in which nothing was tested, or that knows of failures which it does not show, passes nothing."""
    assert read(tmp_path, text).wrong == why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("<testsuite><testcase name='a'>", "no element found (line 1, column 31)"),
        ("<html><body>502</body></html>", "it begins with <html>"),
        ("Traceback (most recent call last)", "is no JUnit file: syntax error (line 1, column 1)"),
        (b"\xff\xfe\x00", "is no JUnit file"),
        ('{"tests": 3}', "is no JUnit file"),
        ("<testsuite>" + "<a>" * 100 + "</a>" * 100 + "</testsuite>", "nested more than 60 deep"),
    ],
)
def test_what_is_no_junit_file(tmp_path: Path, content: str | bytes, why: str) -> None:
    """Every other content is named for what it is."""
    with pytest.raises(Unable) as caught:
        read(tmp_path, content)
    assert why in str(caught.value)


def test_entities_are_never_expanded(tmp_path: Path) -> None:
    """Neither a billion laughs nor a file from outside: what declares a document type is not read at all."""
    outside = tmp_path / "secret"
    outside.write_text("hunter2", encoding="utf-8")
    laughs = '<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
    fetches = f'<!DOCTYPE t [<!ENTITY a SYSTEM "{outside.as_uri()}">]><testsuite><testcase name="x">&a;</testcase>'
    for text in (laughs, fetches, '<!DOCTYPE t SYSTEM "http://127.0.0.1:9/t.dtd"><testsuite/>'):
        with pytest.raises(Unable, match="it has a document type"):
            read(tmp_path, text)


def test_size_is_bounded(tmp_path: Path) -> None:
    """What is too large is not read to its end, and of many failures some are kept and all are counted."""
    path = tmp_path / "junit.xml"
    with path.open("wb") as file:
        file.write(b"<testsuite>")
        file.truncate(MOST_BYTES + 5)
    with pytest.raises(Unable, match="larger than 16 MiB"):
        read_junit(path, None)
    loud = f"<testcase name='{'n' * 5000}'><failure message='{'m' * 5000}'>{'t' * 50_000}</failure></testcase>"
    results = read(tmp_path, f"<testsuite>{loud * 50}</testsuite>")
    assert (results.tests, results.failures, len(results.failed)) == (50, 50, MOST_KEPT)
    assert max(len(case.name) + len(case.said) for case in results.failed) == 4000


def test_missing_old_and_odd_files(tmp_path: Path) -> None:
    """A file that the command did not write says nothing about it; a pipe in its place blocks nobody."""
    path = tmp_path / "junit.xml"
    with pytest.raises(Unable, match=r"the command wrote no JUnit file to .*junit\.xml"):
        read_junit(path, None)
    path.write_text(PYTEST, encoding="utf-8")
    before = imprint_of(path)
    with pytest.raises(Unable, match="is from before: this command did not write it"):
        read_junit(path, before)
    path.write_text(PYTEST, encoding="utf-8")
    os.utime(path, (1, 1))
    assert read_junit(path, before).tests == 3
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unable, match="is no file"):
        read_junit(tmp_path / "pipe", None)
    with pytest.raises(Unable, match=r"cannot be read|is no file"):
        read_junit(tmp_path, None)
