"""The shell over the embedded servers: readiness, and limits that all web processes share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from kith_platform import app as application
from kith_platform.runtime import Runtime
from kith_platform.web import health
from kith_platform.web.limits import limiter


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The shell alone: what other parts add is their own tests' business."""
    for name in ("PARTS", "PAGES", "API"):
        monkeypatch.setattr(application, name, ())
    yield
    with suppress(RedisConnectionError):  # two tests leave the limiter with a Redis that is not there
        limiter.reset()


def limited(runtime: Runtime) -> Flask:
    made = application.create_app(runtime, checks=health.of_runtime(runtime))
    made.add_url_rule("/rare", "rare", limiter.limit("3 per minute")(lambda: "here"))
    return made


def test_a_migrated_site_is_ready(runtime: Runtime) -> None:
    answer = limited(runtime).test_client().get("/readyz")
    assert answer.get_json() == {"status": "ok", "checks": {"database": "ok", "schema": "ok", "redis": "ok"}}


def test_without_redis_the_site_stays_ready_and_says_degraded(runtime: Runtime) -> None:
    gone = replace(runtime, redis=Redis(unix_socket_path="/nonexistent/valkey.sock"))
    answer = limited(gone).test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["status"]) == (200, "degraded")


def test_two_web_processes_share_one_count(runtime: Runtime) -> None:
    first, second = limited(runtime).test_client(), limited(runtime).test_client()
    assert [client.get("/rare").status_code for client in (first, second, first, second)] == [200, 200, 200, 429]
    assert any(key.startswith(b"LIMIT") for key in runtime.redis.scan_iter())


def test_limits_hold_in_memory_while_redis_is_away(runtime: Runtime) -> None:
    gone = replace(runtime, redis=Redis(unix_socket_path="/nonexistent/valkey.sock"))
    client = limited(gone).test_client()
    assert [client.get("/rare").status_code for _ in range(4)] == [200, 200, 200, 429]
