"""Small plans against the stage: one service where the S5 go-live has five, for what does not need five."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SMALL = """
plan: small
title: A small go-live
environment: production
vars: {auth: "https://auth.example.com", edge: "https://edge.example.com"}
sources:
  own: {openmetrics: {targets: {auth: "${vars.auth}/metrics"}, every: 2s, timeout: 2s}}
services:
  - id: auth
    name: Auth
    version:
      to: v2.1.0
      observe: {http: {url: "${vars.auth}/health", json_path: $.version}}
    deploy:
      - run: test -n "$TOKEN" && deploy auth ${version.target}
        env: {TOKEN: "${env:E2E_TOKEN}"}
        timeout: 1m
    verify:
      - http: {url: "${vars.auth}/health", json: {status: ok}}
        every: 2s
        timeout: 10s
    rollback:
      - run: deploy auth ${version.target}
        timeout: 1m
    health:
      http: {url: "${vars.auth}/health", json: {status: ok}}
      every: 1s
      timeout: 1s
    metrics:
      error_rate:
        source: own
        errors: {name: http_requests_total, labels: {code: "5.."}}
        requests: http_requests_total
        unit: "%"
      latency_p95:
        source: own
        histogram: {name: http_request_duration_seconds}
        unit: ms
guards:
  - id: error-rate
    metric: error_rate
    services: [auth]
    above: 5%
    for: 5m
    window: 1m
    min_requests: 20
    on_breach: [hold, notify, propose_rollback]
rollback:
  stabilize: {guards: [error-rate], for: 5m}
traffic:
  open: [{http: {post: "${vars.edge}/traffic", json: {open: true}}}]
  close: [{http: {post: "${vars.edge}/traffic", json: {open: false}}}]
  observe: {http: {url: "${vars.edge}/traffic", json_path: $.open}, open: "true"}
watch:
  for: 48h
  indicators: [error_rate]
rehearsal:
  stage: shop
  vars: {auth: "${stage.auth.url}", edge: "${stage.edge.admin}"}
"""

SECRET = "e2e-s3cret-t0ken"
"""What the small plan needs as E2E_TOKEN."""


def small_plan(folder: Path, *changes: tuple[str, str]) -> Path:
    """The small plan in a file, with texts replaced, each of which must be there."""
    return written(folder / "small.yaml", SMALL, *changes)


def written(path: Path, text: str, *changes: tuple[str, str]) -> Path:
    """A plan in a file, with texts replaced, each of which must be there."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    return path
