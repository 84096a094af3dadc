"""A plan that is right in every part, and the means to break it at one place and see what is said about it."""

from pathlib import Path

from controlroom.errors import NotRehearsable
from controlroom.plan.loader import LoadedPlan, parse_plan
from controlroom.plan.problems import InvalidPlan, Problem

ROOT = Path(__file__).parents[3]
PLANS = ROOT / "plans"
HERE = "‸"
"""Marks in an edited text where the caret is expected."""

GOOD = """\
plan: two
title: Two services
environment: production
vars:
  api: http://127.0.0.1:8080
sources:
  stats:
    openmetrics:
      targets: {api: http://127.0.0.1:8080/metrics}
      every: 5s
  asked:
    prometheus: {url: https://prometheus.internal}
  lines:
    elasticsearch: {url: https://elastic.internal}
services:
  - id: api
    name: The API
    version:
      to: "1.2"
      observe: {http: {url: "${vars.api}/health", json_path: $.version}}
    deploy:
      - run: deploy api ${version.target}
        timeout: 5m
    verify:
      - http: {url: "${vars.api}/health", json: {status: ok}}
        times: 3
    rollback:
      - run: deploy api ${version.target}
    metrics:
      error_rate:
        source: stats
        errors: {name: http_requests_total, labels: {code: "5.."}}
        requests: http_requests_total
        unit: "%"
      latency_p95:
        source: stats
        histogram: {name: http_request_duration_seconds}
        unit: ms
  - id: site
    name: The site
    needs: [api]
    version: {to: "2.10", from: "2.9"}
    deploy:
      - run: [publish, "${version.target}"]
        env: {TOKEN: "${env:PUBLISH_TOKEN}"}
    verify:
      - manual: Look at it.
    rollback:
      - run: [publish, "${version.target}"]
guards:
  - id: errors
    metric: error_rate
    services: [api]
    above: 5%
    for: 5m
rollback:
  stabilize: {guards: [errors], for: 5m}
traffic:
  open: [{http: {post: http://127.0.0.1:9000/traffic, json: {open: true}}}]
  close: [{http: {post: http://127.0.0.1:9000/traffic, json: {open: false}}}]
smoke:
  - id: signup
    title: Sign up
    service: api
    http:
      - post: ${vars.api}/signup
        json: {email: "${run.unique}@example.com"}
        capture: {user: $.id}
      - get: ${vars.api}/users/${capture.user}
watch:
  for: 48h
  at_least: 24h
  coverage: 95%
  indicators: [error_rate]
  logs: [{source: lines, query: "level:ERROR", above: 50, per: 5m}]
"""


def edited(old: str, new: str) -> str:
    """GOOD with its only `old` replaced."""
    assert GOOD.count(old) == 1, f"{old!r} is there {GOOD.count(old)} times"
    return GOOD.replace(old, new)


def problems_of(text: str, *, rehearsal: bool = False) -> list[Problem]:
    """What is wrong with a text; none for a good plan."""
    try:
        parse_plan(text, "plan.yaml", {} if rehearsal else None)
    except InvalidPlan as exc:
        return list(exc.problems)
    except NotRehearsable:
        return []
    return []


def expected_place(marked: str) -> tuple[str, int, int]:
    """A text without its mark, and the line and column where the mark stood."""
    before, _, after = marked.partition(HERE)
    lines = before.split("\n")
    return before + after, len(lines), len(lines[-1]) + 1


def good(text: str = GOOD) -> LoadedPlan:
    """The plan of a text that has no problems."""
    return parse_plan(text, "plan.yaml")
