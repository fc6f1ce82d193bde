"""What each request leaves behind: an id in every answer, a line in the log, a count in the metrics."""

from __future__ import annotations

import os
import time
import uuid

import structlog
from flask import Flask, Response, g, request, request_started
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from kith_platform import logs

log = structlog.get_logger("kith.web")
_QUIET = {"health.alive", "health.ready", "health.metrics", "static"}

# One registry for the process: several apps (tests) share it, as several requests do.
REGISTRY = CollectorRegistry()
_REQUESTS = Counter("kith_requests", "Requests answered", ["method", "endpoint", "status"], registry=REGISTRY)
_SECONDS = Histogram("kith_request_seconds", "Time to answer", ["endpoint"], registry=REGISTRY)


def install(app: Flask) -> None:
    """Number, time, count and log each request, also one that is refused before its view is found."""
    request_started.connect(_begin, app)
    app.after_request(_finish)
    app.teardown_request(_end)


def _begin(_sender: Flask, **_extra: object) -> None:
    g.started = time.perf_counter()
    g.request_id = uuid.uuid4().hex
    logs.begin(request=g.request_id)


def _finish(response: Response) -> Response:
    endpoint = request.endpoint or "none"
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    _REQUESTS.labels(request.method, endpoint, str(response.status_code)).inc()
    _SECONDS.labels(endpoint).observe(seconds)
    response.headers["X-Request-Id"] = request_id()
    if endpoint not in _QUIET:
        log.info(
            "request",
            method=request.method,
            route=route(),
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
    return response


def _end(_error: BaseException | None) -> None:
    logs.end()


def route() -> str:
    """The request's address as a pattern: addresses themselves may hold a reset or invitation token."""
    return str(request.url_rule or request.path)


def request_id() -> str:
    """The id of the running request; it stands in the log, in X-Request-Id and on error pages."""
    return str(g.get("request_id", "-"))


def exposition() -> bytes:
    """The metrics in Prometheus' text format, of all web workers where they share a folder."""
    # prometheus_client itself decides by this variable when it is imported, so no setting of ours could replace it.
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    return generate_latest(REGISTRY)
